// The system's Chromium, driven by playwright-core; and what several scripts do with the hub's pages.
import { chromium } from 'playwright-core'

/** Starts a browser. It reaches loopback addresses only. */
export function launch() {
  check(process.env.MUSUBI_TEST_CHROMIUM, 'MUSUBI_TEST_CHROMIUM is not set')
  return chromium.launch({
    executablePath: process.env.MUSUBI_TEST_CHROMIUM,
    args: [
      '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
    ],
  })
}

/** Signs in on the page that is shown, by its labels, as a person would. */
export async function signIn(page, { login, password }) {
  await page.getByLabel('Login name').fill(login)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

/** Says yes to the question that is shown. */
export async function allow(page) {
  await page.getByRole('button', { name: 'Allow' }).click()
}

/** What the test hands over, as JSON on standard input. */
export async function input() {
  let text = ''
  for await (const chunk of process.stdin) text += chunk
  return JSON.parse(text)
}

/** Ends the script with an error that says what is wrong. */
export function check(condition, what) {
  if (!condition) throw new Error(what)
}
