"""PyPI scim2-tester: whether a server speaks SCIM as it says.

Standard input: {"base", "token"}. Standard output: {"checks": [{"title", "status", "reason", "resource"}]}.
"""

import json
import sys

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import check_server

given = json.load(sys.stdin)
http = Client(base_url=given["base"], headers={"Authorization": f"Bearer {given['token']}"}, timeout=60)
results = check_server(SyncSCIMClient(http))
checks = [
    {
        "title": result.title,
        "status": result.status.name,
        "reason": result.reason,
        "resource": result.resource_type,
    }
    for result in results
]
json.dump({"checks": checks}, sys.stdout)
