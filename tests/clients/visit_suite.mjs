// A person with a real browser for the OpenID Foundation's conformance suite: visits what one module asks somebody to
// visit, and does on the hub's pages what they ask. For modules whose pages need scripts and frames.
// Arguments: the address of the suite, the id of the module. Standard input: { login, password }
import { allow, check, input, launch, signIn } from './browser.mjs'

const [suite, id] = process.argv.slice(2)
check(suite && id, 'the address of the suite and the id of the module are wanted')
const person = await input()
const browser = await launch()
// The suite and the hub have certificates of this machine's own making.
const context = await browser.newContext({ locale: 'en-US', ignoreHTTPSErrors: true })
const page = await context.newPage()

async function ask(path, method = 'get') {
  const answer = await context.request[method](`${suite}/api/${path}`)
  check(answer.ok(), `${path}: ${answer.status()}`)
  return answer.json().catch(() => null)
}

/** What stands between an address and its end: a sign-in, a consent, a question. */
async function pass() {
  const buttons = [
    ['Sign in', () => signIn(page, person)],
    ['Allow', () => allow(page)],
    ['Sign out', () => page.getByRole('button', { name: 'Sign out' }).click()],
  ]
  for (let step = 0; step < buttons.length; step += 1) {
    await page.waitForTimeout(500)
    for (const [name, press] of buttons) {
      if (!page.url().startsWith(suite) && (await page.getByRole('button', { name, exact: true }).count())) await press()
    }
  }
}

const visited = new Set()
try {
  while (!['FINISHED', 'INTERRUPTED'].includes((await ask(`info/${id}`)).status)) {
    const waiting = (await ask(`runner/browser/${id}`))?.urls ?? []
    for (const url of waiting.filter((url) => !visited.has(url))) {
      visited.add(url)
      await ask(`runner/browser/${id}/visit?url=${encodeURIComponent(url)}`, 'post')
      await page.goto(url)
      await pass()
    }
    await page.waitForTimeout(500)
  }
} finally {
  await browser.close()
}
