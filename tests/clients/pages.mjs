// Every page in two widths and two languages, with scripts switched off: pictures for people, and checks.
// Standard input: { directory, issuer, request, link, login, password }
import { mkdir } from 'node:fs/promises'
import { check, input, launch } from './browser.mjs'

const given = await input()
await mkdir(given.directory, { recursive: true })
const browser = await launch()

/** What must hold on every page, asked through the browser's own protocol: the page itself has no scripts. */
async function inspect(page, name, width) {
  await page.screenshot({ path: `${given.directory}/${name}.png`, fullPage: true })
  const size = await page.locator('html').evaluate((html) => ({ scroll: html.scrollWidth, client: html.clientWidth }))
  check(size.scroll <= size.client && size.client <= width, `${name} scrolls sideways: ${JSON.stringify(size)}`)
  check(await page.locator('h1').count() === 1, `${name} has not one first heading`)
  check(await page.locator('main').count() === 1, `${name} has no main`)
  const unlabelled = await page.locator('input:not([type=hidden])').evaluateAll((all) => all.filter((one) => !one.labels?.length).length)
  check(unlabelled === 0, `${name} has ${unlabelled} fields without a label`)
  const nameless = await page.locator('button, a').evaluateAll((all) => all.filter((one) => !one.textContent.trim() && !one.ariaLabel).length)
  check(nameless === 0, `${name} has ${nameless} buttons or links without words`)
}

/** The names of what Tab reaches, in order, from the top of the page. */
async function tabs(page, count) {
  const reached = []
  for (let step = 0; step < count; step++) {
    await page.keyboard.press('Tab')
    const at = await page.locator(':focus').evaluate((one) => {
      const style = getComputedStyle(one)
      const visible = style.outlineStyle !== 'none' || style.boxShadow !== 'none'
      return { name: one.name || one.textContent.trim(), visible }
    })
    check(at.visible, `the focus on ${at.name} cannot be seen`)
    reached.push(at.name)
  }
  return reached
}

async function walk(locale, width) {
  const context = await browser.newContext({ locale, javaScriptEnabled: false, viewport: { width, height: 800 } })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const shot = (name) => inspect(page, `${name}-${locale}-${width}`, width)
  const press = (value) => page.locator(`button[value="${value}"]`).first().click()

  await page.goto(`${given.issuer}/`)
  check(await page.locator('html').getAttribute('lang') === locale, `the page is not in ${locale}`)
  await shot('welcome')
  await page.goto(given.link)
  await shot('set-password')
  await page.goto(`${given.issuer}/no/such/page`)
  await shot('not-found')

  await page.goto(given.request)
  await shot('sign-in')
  const order = await tabs(page, 7)
  const places = ['login', 'password'].map((name) => order.indexOf(name))
  check(places[0] > 0 && places[1] === places[0] + 1, `Tab goes through ${order}`)
  await page.locator('#login').fill(given.login)
  await page.locator('#password').fill('not the password')
  await page.locator('form[action="/signin"] button').click()
  check(await page.getByRole('alert').isVisible(), 'the refusal is not announced')
  await shot('sign-in-refused')
  await page.locator('#login').fill(given.login)
  await page.locator('#password').fill(given.password)
  await page.keyboard.press('Enter')
  await page.waitForURL('**/oauth/consent**')
  await shot('consent')
  await page.goto(`${given.issuer}/account/security/app`)
  await shot('enrol-totp')
  for (const [name, path] of [
    ['account', '/account'], ['profile', '/account/profile'], ['password', '/account/password'], ['security', '/account/security'], ['trusted', '/account/trusted'],
    ['devices', '/account/devices'], ['services', '/account/services'], ['log', '/account/log'],
  ]) {
    await page.goto(`${given.issuer}${path}`)
    check(await page.locator('nav.sections a[aria-current="page"]').count() === 1, `${name} does not say where one is`)
    await shot(name)
  }
  await page.goto(`${given.issuer}/account/consents`)
  await shot('consents')
  await page.locator('a[href="/account/consents/place"]').click()
  await shot('consent-place')
  await page.locator('#q').fill('nothing of this name')
  await page.keyboard.press('Enter')
  await page.locator('#found').waitFor()
  await shot('consent-place-none')
  await page.locator('#q').fill('hill')
  await page.keyboard.press('Enter')
  await page.locator('.cards a').waitFor()
  await shot('consent-place-found')
  await page.locator('.cards a').click()
  await page.locator('#as-person').check()
  await page.locator('#staff').fill('Nobody')
  await page.locator('#staff').press('Enter')
  await page.getByRole('alert').waitFor()
  await shot('consent-at-refused')
  await page.locator('#staff').fill('Taro Sato')
  await page.locator('#below').check()
  await shot('consent-at')
  await page.locator('#staff').press('Enter')
  await page.locator('#kind-vitals').waitFor()
  check(await page.locator('input[name="who"]').first().isChecked(), 'who was looked for is not chosen')
  await page.locator('#kind-vitals').check()
  await shot('consent-new')
  await page.locator('form[action^="/account/consents/new"] button').click()
  await page.locator('button[value="give"]').waitFor()
  await shot('consent-confirm')
  await press('give')
  await page.getByRole('status').waitFor()
  await shot('consent-given')
  await page.locator('.cards a').first().click()
  await shot('consent-receipt')
  await page.goto(`${given.issuer}/recover`)
  await shot('recover')
  await page.locator('#name').fill(given.login)
  await press('family')
  await shot('recover-family')
  await page.goto(`${given.issuer}/oauth/logout`)
  await shot('sign-out')
  await press('sign-out')
  await shot('signed-out')
  await context.close()
}

try {
  for (const locale of ['en', 'ja']) for (const width of [360, 1440]) await walk(locale, width)
  console.log('done')
} finally {
  await browser.close()
}
