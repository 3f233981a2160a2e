// A relying party that watches the person's session through the hub's frame (OpenID Connect Session Management 1.0).
// Standard input: { issuer, login, password, party, port, evilPort }. Hub, party and the evil one are one site with three
// origins; at 127.0.0.1 they are of another site, where this browser hides the hub's cookie from frames.
import { createServer } from 'node:http'
import { allow, check, input, launch, signIn } from './browser.mjs'

const { issuer, login, password, party, port, evilPort } = await input()
const frame = `${issuer}/oauth/check-session`

/** A page with the hub's frame, and with a stranger's beside it, that asks and keeps what it is answered. */
const watch = (stranger) => `<!doctype html><iframe id="op" src="${frame}"></iframe>
${stranger ? `<iframe id="stranger" src="${stranger}"></iframe>` : ''}
<script>
window.answers = []
addEventListener('message', (event) => {
  if (event.origin === ${JSON.stringify(issuer)}) window.answers.push(event.data)
})
window.ask = (message) => new Promise((done) => {
  const before = window.answers.length
  const look = setInterval(() => {
    if (window.answers.length === before) return
    clearInterval(look)
    done(window.answers.at(-1))
  }, 10)
  document.getElementById('op').contentWindow.postMessage(message, ${JSON.stringify(issuer)})
})
</script>`

/** A stranger's page that sends the same to the hub's frame of the page around it. */
const stranger = `<!doctype html><script>
window.answers = []
addEventListener('message', (event) => window.answers.push(event.data))
window.ask = (message) => parent.frames[0].postMessage(message, '*')
</script>`

const pages = { '/watch': watch(), '/beside': watch(`http://localhost:${evilPort}/stranger`), '/stranger': stranger }
const serve = (at) => createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost')
  response.setHeader('Content-Type', 'text/html')
  response.end(pages[pathname] ?? '<p>here</p>')
}).listen(at, '127.0.0.1')
const servers = [serve(port), serve(evilPort)]

const request = (prompt) => `${issuer}/oauth/authorize?${new URLSearchParams({
  response_type: 'code', client_id: party.client_id, redirect_uri: party.redirect_uris[0], scope: 'openid', state: 's',
  ...(prompt && { prompt }),
})}`

const browser = await launch()
try {
  const context = await browser.newContext({ locale: 'en-US' })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const state = () => {
    const parameters = new URL(page.url()).searchParams
    check(parameters.get('session_state'), `no session_state at ${page.url()}`)
    return `${party.client_id} ${parameters.get('session_state')}`
  }
  const ask = async (message, at = `http://localhost:${port}/watch`) => {
    await page.goto(at, { waitUntil: 'load' })
    return page.evaluate((message) => window.ask(message), message)
  }
  const expect = async (message, wanted, what, at) => {
    const answer = await ask(message, at)
    check(answer === wanted, `${what}: ${answer} instead of ${wanted}`)
  }

  await page.goto(request('none'))
  const nobody = state()
  check(page.url().includes('error=login_required'), page.url())
  await expect(nobody, 'unchanged', 'nobody is signed in still')

  await page.goto(request())
  await signIn(page, { login, password })
  await allow(page)
  await page.waitForURL('**/callback?**')
  const first = state()
  await expect(first, 'unchanged', 'signed in')
  await expect(nobody, 'changed', 'somebody signed in')
  await page.goto(request('none'))
  const again = state()
  check(again !== first, 'the salt is another each time')
  await expect(again, 'unchanged', 'asked again')
  await expect(first, 'unchanged', 'the earlier one is still good')

  const [id, value] = first.split(' ')
  await expect(`someone-else ${value}`, 'changed', 'of another client')
  await expect(first, 'changed', 'from another origin', `http://localhost:${evilPort}/watch`)
  await expect(first, 'error', 'where the cookie is hidden', `http://127.0.0.1:${evilPort}/watch`)
  for (const wrong of ['', id, `${id} `, `${id} x`, `${id} ${value} x`, `${id} ${value}.x`, ` ${value}`]) {
    await expect(wrong, 'error', `malformed: ${JSON.stringify(wrong)}`)
  }
  await expect({ toString: 'x' }, 'error', 'not a text')

  await page.goto(`http://localhost:${port}/beside`, { waitUntil: 'load' })
  const other = page.frame({ url: /stranger/ })
  await other.evaluate((message) => window.ask(message), first)
  for (let round = 0; round < 3; round++) {
    check(await page.evaluate((message) => window.ask(message), first) === 'unchanged', 'the page itself is answered')
  }
  check((await other.evaluate(() => window.answers)).length === 0, 'a stranger beside the frame was answered')

  const tab = await context.newPage()
  await tab.goto(`${issuer}/oauth/logout`)
  await tab.getByRole('button', { name: 'Sign out' }).click()
  await expect(first, 'changed', 'signed out in another tab')
  await expect(nobody, 'unchanged', 'as it was before')

  await page.goto(`${issuer}/signin`)
  await signIn(page, { login, password })
  await page.waitForURL('**/account**')
  await expect(first, 'changed', 'another session of the same person')
  await page.goto(request('none'))
  await expect(state(), 'unchanged', 'the new session')
  console.log('done')
} finally {
  await browser.close()
  for (const server of servers) {
    server.close()
    server.closeAllConnections()
  }
}
