// Every page: a clean console under the real policy, a title and a heading of its own, and nothing that axe finds. TRUEUP_CONSOLE_PAGES
// is a file with the addresses, which TestBrowser has found by following links.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { before, describe, test } from 'node:test'
import { base, visit } from './browser.mjs'
import { first, problems } from './axe.mjs'
import { cookieOf } from './launch.mjs'

const pages = JSON.parse(fs.readFileSync(process.env.TRUEUP_CONSOLE_PAGES, 'utf8'))
const titles = {}

// Two tabs at a time: one waits for the server while the other one is checked.
describe('pages', { concurrency: 2 }, () => {
  const free = []
  before(async () => {
    for (let n = 0; n < 2; n++) free.push(await visit('with script', { context: first, cookie: cookieOf(base) }))
  })
  for (const { page, address } of pages) {
    test(`page ${page}`, async () => {
      const person = free.pop()
      person.seen.length = 0
      try {
        await person.page.setViewportSize(first.viewport)
        await person.page.emulateMedia({ colorScheme: 'light' })
        const response = await person.page.goto(base + address)
        assert.equal(response.status(), 200)
        assert.match(response.headers()['content-security-policy'], /default-src 'none'/)
        await person.page.waitForLoadState('load')
        const title = await person.page.title(), whole = page.split(':')[0] // a part of a page has the title of the page
        assert.equal(titles[title] ?? whole, whole, `two pages have the title ${title}`)
        titles[title] = whole
        assert.equal(await person.page.locator('h1').count(), 1)
        await person.isFine()
        assert.deepEqual(await problems(person.page), [])
        assert.deepEqual(person.seen, [])
      } catch (e) {
        e.message += `\nat ${address}`
        throw e
      } finally {
        free.push(person)
      }
    })
  }
})
