//! The pages where a person answers for a device or a service that is elsewhere.

use super::super::pages::{
    BackchannelCode, BackchannelCodeProblem, BackchannelNotice, BackchannelRequest, BackchannelRequests,
    DeviceAnswered, DeviceCode, DeviceConfirm, DeviceProblem, Form, Papers, Texts,
};
use super::{Sample, Words, add};

pub fn all(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    device(words, texts, samples);
    backchannel(words, texts, samples);
    backchannel_code(words, texts, samples);
}

fn device(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let form = Form {
        action: words.local,
        csrf: words.id,
        hidden: &[("question", words.id)],
    };
    let page = DeviceCode {
        frame: words.frame(),
        form,
        typed: "",
        problem: None,
    };
    add(samples, "device-code", page.render(texts));
    for (name, problem) in [
        ("wrong", DeviceProblem::Unknown),
        ("throttled", DeviceProblem::Throttled { seconds: 900 }),
        ("expired", DeviceProblem::Expired),
    ] {
        let page = DeviceCode {
            typed: words.id,
            problem: Some(problem),
            ..page
        };
        add(samples, format!("device-code-{name}"), page.render(texts));
    }
    let scopes = ["openid", "offline_access", words.scope];
    let confirm = DeviceConfirm {
        frame: words.frame(),
        form,
        client_name: words.client,
        self_registered: false,
        papers: Papers {
            policy_url: Some(words.url),
            terms_url: None,
        },
        code: "WDJB-MJHT",
        address: words.address,
        scopes: &scopes,
        signed_in_as: words.name,
    };
    add(samples, "device-confirm", confirm.render(texts));
    let unknown = DeviceConfirm {
        self_registered: true,
        ..confirm
    };
    add(samples, "device-confirm-self-registered", unknown.render(texts));
    for (name, allowed) in [("allowed", true), ("denied", false)] {
        let page = DeviceAnswered {
            frame: words.frame(),
            allowed,
            client_name: words.client,
            account_url: words.local,
        };
        add(samples, format!("device-{name}"), page.render(texts));
    }
}

fn backchannel(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let scopes = ["openid", "profile", words.scope];
    let request = BackchannelRequest {
        id: words.id,
        client_name: words.client,
        self_registered: false,
        message: Some(words.scope),
        scopes: &scopes,
        asked_at: words.ago(1),
        may_allow: true,
    };
    let requests = [
        request,
        BackchannelRequest {
            client_name: words.other_client,
            self_registered: true,
            message: None,
            may_allow: false,
            ..request
        },
    ];
    let page = BackchannelRequests {
        frame: words.frame(),
        form: Form {
            action: words.local,
            csrf: words.id,
            hidden: &[],
        },
        requests: &requests,
        notice: None,
        sign_in_url: words.local,
        again_url: words.local,
        code_url: words.local,
        account_url: words.local,
    };
    add(samples, "requests", page.render(texts));
    for (name, notice) in [
        ("none", None),
        ("allowed", Some(BackchannelNotice::Allowed)),
        ("denied", Some(BackchannelNotice::Denied)),
    ] {
        let empty = BackchannelRequests {
            requests: &[],
            notice,
            ..page
        };
        add(samples, format!("requests-{name}"), empty.render(texts));
    }
}

fn backchannel_code(words: &Words<'_>, texts: &Texts, samples: &mut Vec<Sample>) {
    let page = BackchannelCode {
        frame: words.frame(),
        form: words.form(),
        has_code: false,
        ask_password: false,
        problem: None,
        done: false,
        back_url: words.local,
    };
    add(samples, "requests-code", page.render(texts));
    let removed = BackchannelCode { done: true, ..page };
    add(samples, "requests-code-removed", removed.render(texts));
    let set = BackchannelCode {
        has_code: true,
        ask_password: true,
        ..removed
    };
    add(samples, "requests-code-set", set.render(texts));
    for (name, problem) in [
        ("shape", BackchannelCodeProblem::Shape),
        ("guessable", BackchannelCodeProblem::Guessable),
        ("mismatch", BackchannelCodeProblem::Mismatch),
        ("password", BackchannelCodeProblem::Password),
        ("wait", BackchannelCodeProblem::Wait { seconds: 900 }),
        ("again", BackchannelCodeProblem::SignInAgain),
        ("busy", BackchannelCodeProblem::Busy { seconds: 5 }),
    ] {
        let page = BackchannelCode {
            ask_password: true,
            problem: Some(problem),
            ..page
        };
        add(
            samples,
            format!("requests-code-problem-{name}"),
            page.render(texts),
        );
    }
}
