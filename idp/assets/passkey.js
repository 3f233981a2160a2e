// Passkeys: browsers offer them to scripts only. A form with `data-passkey` is hidden until this script knows that the
// browser has them. It asks the hub what to ask the authenticator for, puts the answer into the form and sends it as any
// form is sent. Without this script the pages work as they are.
'use strict'

const bytes = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0))
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
const known = (credentials) => (credentials ?? []).map((one) => ({ ...one, id: bytes(one.id) }))

/** Asks the hub for a ceremony; `undefined` if there is none to be had. */
async function begin(form) {
  const fields = new URLSearchParams()
  for (const field of form.querySelectorAll('input[type=hidden]')) {
    if (field.name !== 'ceremony' && field.name !== 'credential') fields.set(field.name, field.value)
  }
  const answer = await fetch(form.dataset.begin, { method: 'POST', body: fields, credentials: 'same-origin' })
  if (answer.status === 401) location.assign(form.dataset.first)
  return answer.ok ? answer.json() : undefined
}

/** What the authenticator answered, as JSON. */
function written(credential) {
  const { response } = credential
  const part = (name) => (response[name] ? text(response[name]) : undefined)
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    clientExtensionResults: {},
    response: {
      clientDataJSON: part('clientDataJSON'),
      attestationObject: part('attestationObject'),
      authenticatorData: part('authenticatorData'),
      signature: part('signature'),
      userHandle: part('userHandle'),
      transports: response.getTransports?.(),
    },
  })
}

async function run(form, more) {
  const begun = await begin(form)
  if (!begun) return false
  const asked = begun.publicKey
  asked.challenge = bytes(asked.challenge)
  let credential
  if (form.dataset.passkey === 'create') {
    asked.user.id = bytes(asked.user.id)
    asked.excludeCredentials = known(asked.excludeCredentials)
    credential = await navigator.credentials.create({ publicKey: asked })
  } else {
    asked.allowCredentials = known(asked.allowCredentials)
    credential = await navigator.credentials.get({ publicKey: asked, ...more })
  }
  if (!credential) return false
  form.elements.ceremony.value = begun.ceremony
  form.elements.credential.value = written(credential)
  HTMLFormElement.prototype.submit.call(form)
  return true
}

function prepare(form) {
  const problem = form.querySelector('[data-problem]')
  let waiting = new AbortController()
  form.hidden = false
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    waiting.abort()
    problem.hidden = true
    try {
      problem.hidden = await run(form, {})
    } catch {
      problem.hidden = false
    }
  })
  // The browser offers passkeys where the login name is typed, as soon as it can.
  if (form.dataset.passkey === 'autofill' && PublicKeyCredential.isConditionalMediationAvailable) {
    PublicKeyCredential.isConditionalMediationAvailable()
      .then((can) => can && run(form, { mediation: 'conditional', signal: waiting.signal }))
      .catch(() => {})
  }
}

if (window.PublicKeyCredential) document.querySelectorAll('form[data-passkey]').forEach(prepare)
