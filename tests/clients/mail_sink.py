"""A mail server that nobody here wrote (aiosmtpd), on a free port of this machine. It keeps each mail as a file.

Arguments: a directory, and a certificate and its key if STARTTLS is to be asked for. Prints its port. As long as the
directory has a file called `answer`, what stands in it is the answer to every recipient.
"""

import asyncio
import email
import email.policy
import itertools
import json
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP


class Sink:
    def __init__(self, directory):
        self.directory = directory
        self.count = itertools.count()

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = self.directory / "answer"
        if answer.is_file():
            return answer.read_text().strip()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.original_content, policy=email.policy.default)
        part = lambda kind: (body := message.get_body((kind,))) and body.get_content()
        kept = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "headers": [[name, str(value)] for name, value in message.items()],
            "subject": str(message["subject"]),
            "text": part("plain"),
            "html": part("html"),
            "encrypted": session.ssl is not None,
        }
        name = f"{next(self.count):06}.json"
        hidden = self.directory / f".{name}"
        hidden.write_text(json.dumps(kept))
        hidden.rename(self.directory / name)
        return "250 OK"


async def main(directory, certificate=None, key=None):
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
    sink = Sink(pathlib.Path(directory))

    def serve():
        return SMTP(sink, hostname="sink.example", tls_context=context, require_starttls=context is not None)

    server = await asyncio.get_running_loop().create_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main(*sys.argv[1:]))
