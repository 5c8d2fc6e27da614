// Tests of the console in Chromium: people who use it in one of several ways. TestBrowser of infra/local/e2e starts the system and
// runs the files *.test.mjs, each with the address of the console in TRUEUP_CONSOLE.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { chromium } from 'playwright-core'
import { launch } from './launch.mjs'

export const base = process.env.TRUEUP_CONSOLE
export const matrix = process.env.TRUEUP_BROWSER_MATRIX ?? 'short'
const patience = Number(process.env.TRUEUP_BROWSER_PATIENCE ?? 30_000) // for a machine on which everything else runs, too

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }
// ways are the ways to use the console. Each has the options of a browser context.
export const ways = {
  'with script': {},
  'without script': { javaScriptEnabled: false },
  'by keyboard': {},
  'on a phone': phone
}
export const allWays = Object.keys(ways)
export const withScript = allWays.filter(way => way !== 'without script')

let started
// browser starts Chromium once for a file of tests.
export function browser () { return started ??= chromium.launch(launch) }
after(async () => { await (await started)?.close() })

// job declares a test for each way. body gets a person who is signed in with options.role; role null is for a person who is not.
// options.statuses are the statuses of errors that the job causes, or the texts of failures of the network, options.address is another system.
export function job (name, options, body) {
  for (const way of options.ways ?? allWays) {
    test(`${name}, ${way}`, async () => {
      const person = await visit(way, options)
      try {
        await body(person)
        await person.isFine()
      } catch (e) {
        e.message += await person.whereabouts()
        throw e
      } finally {
        await person.page.context().close()
      }
    })
  }
}

const sessions = {}
// session returns the cookies of a person with a role, who signs in once for a file of tests.
export function session (role = 'global-admin', address = base) {
  return sessions[address + role] ??= (async () => {
    const context = await (await browser()).newContext()
    const page = await context.newPage()
    await page.goto(address + '/')
    await page.getByRole('button', { name: role }).click()
    await page.waitForURL('**/console/overview')
    const state = await context.storageState()
    await context.close()
    return state
  })()
}

// visit returns a person in a browser context of their own, who has signed in with a role or has the cookie of a session.
export async function visit (way, { role, cookie, statuses = [], context = {}, address = base } = {}) {
  const made = await (await browser()).newContext({
    viewport: { width: 1440, height: 900 }, locale: 'en-GB', timezoneId: 'Europe/Brussels', ...ways[way], ...context,
    storageState: role === null || cookie ? undefined : await session(role, address)
  })
  if (cookie) await made.addCookies([cookie])
  made.setDefaultTimeout(patience)
  return new Person(await made.newPage(), way, statuses, address)
}

let calls = 0
// api calls the HTTP API, to arrange what a job begins with. It returns the response as JSON.
export async function api (method, path, body, version) {
  const token = await (await fetch(base + '/dev/token?role=global-admin&sub=arranger')).text()
  const response = await fetch(base + path, {
    method,
    headers: { Authorization: `Bearer ${token.trim()}`, 'Content-Type': 'application/json', 'Idempotency-Key': `arranged-${process.pid}-${calls++}-${Date.now()}`, ...(version && { 'If-Match': `"${version}"` }) },
    body: body && JSON.stringify(body)
  })
  const text = await response.text()
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`)
  return text && JSON.parse(text)
}

// until repeats a question until its answer is true, or fails with what is waited for.
export async function until (what, question) {
  for (const end = Date.now() + 5 * patience; ;) { // files wait for others of their kind
    if (await question()) return
    assert.ok(Date.now() < end, `waited for ${what}`)
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

let counter = 0
const letters = n => [...n.toString(26)].map(digit => 'abcdefghijklmnopqrstuvwxyz'[parseInt(digit, 26)]).join('')
// fresh returns a name that nothing has yet. It has no digits: at the end of a title they are a version.
export const fresh = what => `${what} ${letters(process.pid)} ${letters(counter++)}`

// watch records what a page must not do: console messages, errors of script, requests that fail. It returns the list.
export function watch (page, statuses = []) {
  const seen = []
  const expected = text => statuses.some(status => text.includes(Number.isInteger(status) ? `the server responded with a status of ${status} ` : status))
  page.on('console', m => { if (!expected(m.text())) seen.push(`console ${m.type()}: ${m.text()}`) })
  // Chromium says this when the next page has no transition, such as that of the issuer. No script is part of it.
  page.on('pageerror', e => { if (!e.message.startsWith('Transition was ')) seen.push(`script: ${e.message}`) })
  page.on('response', r => { if (r.status() >= 400 && !statuses.includes(r.status())) seen.push(`${r.status()} ${r.request().method()} ${r.url()}`) })
  // A request that the page itself gives up is no failure.
  page.on('requestfailed', r => { if (!['net::ERR_ABORTED', ...statuses].includes(r.failure()?.errorText)) seen.push(`${r.failure()?.errorText} ${r.url()}`) })
  return seen
}

// sideways reports the elements that make a page scroll sideways; empty if it does not.
export const sideways = page => page.evaluate(() => {
  const width = document.documentElement.clientWidth
  if (document.documentElement.scrollWidth <= width) return ''
  const wide = [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > width + 1)
  return `${document.documentElement.scrollWidth} of ${width} pixels: ${wide.slice(-3).map(e => e.outerHTML.slice(0, 120)).join(' | ')}`
})

// Person uses a page by mouse, by touch or by keyboard only.
export class Person {
  constructor (page, way, statuses, address) {
    Object.assign(this, { page, way, address, seen: watch(page, statuses) })
    page.on('filechooser', () => {}) // otherwise the browser itself opens the dialog
  }

  get keyboardOnly () { return this.way === 'by keyboard' }
  get hasScript () { return this.way !== 'without script' }

  async open (path) { await this.page.goto(this.address + path) }

  // Things on the page, by their accessible names.
  button (name, options = {}) { return this.#seen('button', name, options) }
  link (name, options = {}) { return this.#seen('link', name, options) }
  heading (name, options = {}) { return this.#seen('heading', name, options) }
  radio (name, options = {}) { return this.#named('radio', name, options) }
  tick (name, options = {}) { return this.#named('checkbox', name, options) }
  field (name, options = {}) { return (options.within ?? this.page.locator('main')).getByLabel(name, { exact: true, ...options }).and(this.page.locator('input, select, textarea')).filter({ visible: true }) }
  row (text) { return this.page.getByRole('row').filter({ hasText: text }) }
  text (text) { return this.page.locator('main').getByText(text).filter({ visible: true }).first() }
  #named (role, name, { within, ...options }) { return (within ?? this.page).getByRole(role, { name, ...options }) }
  #seen (role, name, options) { return this.#named(role, name, options).filter({ visible: true }) }

  // press uses a button, a link or a tick.
  async press (target) {
    if (this.keyboardOnly) {
      await this.reach(target)
      const tick = await target.evaluate(e => e.matches('[type=checkbox], [type=radio]'))
      if (!tick || !await target.isChecked()) await this.page.keyboard.press(tick ? 'Space' : 'Enter')
    } else if (this.way === 'on a phone') {
      await target.tap()
    } else {
      await target.click()
    }
  }

  // focus puts the cursor in a field.
  async focus (target) {
    if (this.keyboardOnly) await this.reach(target)
    else await this.press(target)
  }

  // fill types a value in a field.
  async fill (target, value) {
    if (!this.keyboardOnly) return target.fill(value)
    await this.reach(target)
    if (await target.getAttribute('type') === 'date') {
      const [year, month, day] = value.split('-')
      await this.page.keyboard.type(month + day + year) // the order of the browser's own language
    } else {
      await this.page.keyboard.press('ControlOrMeta+a')
      await this.page.keyboard.type(value)
    }
    assert.equal(await target.inputValue(), value)
  }

  // type types a text key by key, for fields that answer while typing.
  async type (target, value) {
    await this.focus(target)
    await this.page.keyboard.type(value, { delay: 20 })
  }

  // choose selects an option of a list.
  async choose (target, label) {
    if (!this.keyboardOnly) return target.selectOption({ label })
    await this.reach(target)
    await this.page.keyboard.type(label)
    assert.equal(await target.evaluate(e => e.selectedOptions[0].label), label)
  }

  // file chooses a file: its name and its text.
  async file (target, name, text) {
    const file = { name, mimeType: 'text/csv', buffer: Buffer.from(text) }
    if (!this.keyboardOnly) return target.setInputFiles(file)
    await this.reach(target)
    const chooser = this.page.waitForEvent('filechooser')
    await this.page.keyboard.press('Space')
    await (await chooser).setFiles(file)
  }

  // reach moves the focus to an element with the Tab key, past the navigation with the link that skips it.
  async reach (target) {
    for (let n = 0; n < 400; n++) {
      const at = await target.evaluate(e => {
        const a = document.activeElement
        if (!e.isConnected) return 'replaced'
        if (e === a) return 'there'
        if (e.type === 'radio' && a.type === 'radio' && e.name === a.name && e.form === a.form) return 'group'
        if (a === document.body && e.closest('main')) return 'top'
        return a.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING ? 'before' : 'behind'
      })
      if (at === 'replaced') continue
      if (at === 'there') return this.#showsFocus(target)
      await this.page.keyboard.press({ group: 'ArrowDown', behind: 'Shift+Tab' }[at] ?? 'Tab')
      if (at === 'top' && await this.page.evaluate(() => document.activeElement.matches('.skip'))) await this.page.keyboard.press('Enter')
    }
    assert.fail(`${target} cannot be reached with the Tab key`)
  }

  // #showsFocus checks that people see where the focus is: an outline, inside the window and below no bar. The page may replace its
  // results meanwhile, with the focus on the same control.
  async #showsFocus (target) {
    const focus = () => target.evaluate(e => {
      if (!e.isConnected) return 'replaced'
      const marked = [e, e.nextElementSibling, e.parentElement, e.closest('label')].some(x => {
        const style = x && getComputedStyle(x)
        return style && style.outlineStyle !== 'none' && style.outlineWidth !== '0px'
      })
      const { top, bottom, left, width } = e.getBoundingClientRect()
      const bar = document.elementFromPoint(left + width / 2, (top + bottom) / 2)?.closest('.top, .ticked')
      if (!marked || bottom <= 0 || top >= innerHeight) return `${marked ? '' : 'not '}marked, from ${top} to ${bottom} of ${innerHeight} pixels`
      return bar && !bar.contains(e) ? `below ${bar.className}` : 'shown'
    })
    let found
    do found = await focus(); while (found === 'replaced')
    assert.equal(found, 'shown', `${target} has the focus, and nothing shows it`)
  }

  // go opens a page by its link in the navigation, which is a drawer on a phone.
  async go (name) {
    if (this.way === 'on a phone') await this.press(this.button('Menu'))
    await this.press(this.link(name, { exact: true, within: this.page.getByRole('navigation') }))
    await this.heading(name, { level: 1 }).or(this.page.getByRole('heading', { level: 1 })).first().waitFor()
  }

  // sees waits until a text, a heading or another thing is shown.
  async sees (target) { await (typeof target === 'string' || target instanceof RegExp ? this.text(target) : target).waitFor() }

  // at waits for an address of the console.
  async at (pattern) { await this.page.waitForURL(url => pattern.test(url.pathname + url.search)) }

  // isFine checks what every page must keep to.
  async isFine () {
    assert.deepEqual(this.seen, [])
    assert.equal(await sideways(this.page), '')
  }

  // whereabouts describes the page, for the message of a failure.
  async whereabouts () {
    try {
      return `\nat ${this.page.url()}\n${(await this.page.locator('main').ariaSnapshot({ timeout: 2000 })).slice(0, 1500)}`
    } catch { return '' }
  }
}
