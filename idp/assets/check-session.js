// Whether the session_state that a client sends is still this browser's (OpenID Connect Session Management 1.0 §3.2).
const name = document.documentElement.dataset.cookie

/** The origin of the page that framed this one, as far as the browser tells it. */
const framed = location.ancestorOrigins?.[0] ?? (document.referrer ? new URL(document.referrer).origin : undefined)

function browserState() {
  const pairs = document.cookie.split('; ').map((pair) => pair.split('='))
  return pairs.find(([key]) => key === name)?.[1] ?? ''
}

async function judge(message, origin) {
  const parts = String(message).split(' ')
  const [hash, salt, ...more] = (parts[1] ?? '').split('.')
  if (parts.length !== 2 || !parts[0] || !hash || !salt || more.length) return 'error'
  // A browser that hides the cookie here says nothing about the session: "changed" would send the client in circles.
  if (document.hasStorageAccess && !(await document.hasStorageAccess())) return 'error'
  const text = new TextEncoder().encode(`${parts[0]} ${origin} ${browserState()} ${salt}`)
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', text))
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return found === hash ? 'unchanged' : 'changed'
}

addEventListener('message', async ({ data, origin, source }) => {
  const stranger = framed !== undefined && origin !== framed
  if (parent === window || source === null || source === window || origin === 'null' || stranger) return
  source.postMessage(await judge(data, origin).catch(() => 'error'), origin)
})
