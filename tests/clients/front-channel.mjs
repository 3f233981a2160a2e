// Two relying parties in this script and a person who signs out at one of them: both are told by the browser.
// Standard input: { issuer, login, password, parties, ports }
import { createServer } from 'node:http'
import { allow, check, input, launch, signIn } from './browser.mjs'

const { issuer, login, password, parties, ports } = await input()
const told = [[], []]
let hangs = false

/** A relying party with a cookie of its own that its place for the frame takes away. */
const servers = ports.map((port, index) => createServer((request, response) => {
  const url = new URL(request.url, `http://localhost:${port}`)
  if (url.pathname === '/out') {
    told[index].push(Object.fromEntries(url.searchParams))
    if (hangs && index === 1) return
    response.setHeader('Set-Cookie', `party${index}=; Max-Age=0; Path=/`)
  }
  response.setHeader('Cache-Control', 'no-store')
  response.setHeader('Content-Type', 'text/html')
  response.end(`<p>${url.pathname}</p>`)
}).listen(port, '127.0.0.1'))

const request = (party) => `${issuer}/oauth/authorize?${new URLSearchParams({
  response_type: 'code', client_id: party.client_id, redirect_uri: party.redirect_uris[0], scope: 'openid', state: 's',
})}`

/** The ID token of a party, for the code that the browser brought. */
async function idToken(party, page) {
  const code = new URL(page.url()).searchParams.get('code')
  check(code, `no code at ${page.url()}`)
  const answer = await fetch(`${issuer}/oauth/token`, { method: 'POST', body: new URLSearchParams({
    grant_type: 'authorization_code', code, redirect_uri: party.redirect_uris[0], client_id: party.client_id,
    client_secret: party.client_secret,
  }) })
  return (await answer.json()).id_token
}

const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'))

async function walk(javaScriptEnabled, consents) {
  const context = await browser.newContext({ locale: 'en-US', javaScriptEnabled })
  await context.addCookies(ports.map((port, index) => ({ name: `party${index}`, value: 'in', url: `http://localhost:${port}` })))
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const tokens = []
  for (const [index, party] of parties.entries()) {
    await page.goto(request(party))
    if (index === 0) await signIn(page, { login, password })
    if (consents) await allow(page)
    await page.waitForURL('**/callback?**')
    tokens.push(await idToken(party, page))
  }
  const before = told.map((all) => all.length)
  await page.goto(`${issuer}/oauth/logout?${new URLSearchParams({
    id_token_hint: tokens[0], post_logout_redirect_uri: parties[0].post_logout_redirect_uris[0], state: 'back',
  })}`, { waitUntil: 'commit' })
  await page.waitForURL('**/bye?state=back')
  for (const index of [0, 1]) {
    check(told[index].length === before[index] + 1, `party ${index} was told ${told[index].length - before[index]} times`)
    const last = told[index].at(-1)
    check(last.iss === issuer && last.sid === claims(tokens[index]).sid, `party ${index} was told ${JSON.stringify(last)}`)
  }
  const left = (await context.cookies()).filter((cookie) => cookie.name.startsWith('party')).map((cookie) => cookie.name)
  check(left.join() === (hangs ? 'party1' : ''), `these are left: ${left}`)
  await page.goto(`${issuer}/account`)
  check(page.url().includes('/signin'), 'still signed in at the hub')
  await context.close()
}

const browser = await launch()
try {
  await walk(true, true)
  await walk(false, false)
  hangs = true
  await walk(true, false)
  console.log(JSON.stringify({ done: true, told }))
} finally {
  await browser.close()
  for (const server of servers) server.close()
  for (const server of servers) server.closeAllConnections()
}
