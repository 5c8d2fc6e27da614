// Checks a page with axe, as it is shown in each appearance.
import fs from 'node:fs'
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { matrix, sideways, visit } from './browser.mjs'

const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

// appearances are the widths and media in which a page is checked. 320 pixels are also 1280 at a zoom of 400 %.
const light = { colorScheme: 'light' }, dark = { colorScheme: 'dark' }
const appearances = {
  short: [[390, light], [1440, dark]],
  full: [
    ...[320, 390, 1440].flatMap(width => [[width, light], [width, dark]]),
    [1440, { ...light, forcedColors: 'active' }], [390, { ...dark, reducedMotion: 'reduce' }]
  ]
}[matrix]

// first is the appearance in which a page is opened.
export const first = { viewport: { width: appearances[0][0], height: 844 }, ...appearances[0][1] }

// problems returns what is wrong with a page as it is now: what axe finds, and what makes it scroll sideways. The policy of
// the page stays in force: what a debugger evaluates is not subject to it, and axe finds the same with and without it.
export async function problems (page) {
  const found = []
  await page.evaluate(axe)
  for (const [width, media] of appearances) {
    const name = `${width} px, ${Object.values(media).join(', ')}`
    await page.setViewportSize({ width, height: 844 })
    await page.emulateMedia({ forcedColors: 'none', reducedMotion: 'no-preference', ...media })
    // What has scrolled below the bar on top is not beside its buttons.
    await page.evaluate(() => scrollTo(0, 0))
    // Colours that still change have no contrast that counts.
    await page.evaluate(() => Promise.all(document.getAnimations().filter(a => a.effect.getComputedTiming().endTime !== Infinity).map(a => a.finished.catch(() => {}))))
    const wide = await sideways(page)
    if (wide) found.push(`${name}: scrolls sideways: ${wide}`)
    const { violations } = await page.evaluate(rules => globalThis.axe.run(document, { resultTypes: ['violations'], runOnly: rules }), rules)
    for (const v of violations) found.push(`${name}: ${v.id}: ${v.nodes.map(n => `${n.html.slice(0, 160)} (${n.any[0]?.message ?? n.all[0]?.message ?? n.none[0]?.message ?? ''})`).slice(0, 3).join(' | ')}`)
  }
  return found
}

// state declares a test: reach brings a page into a state that no address leads to, and it has no problems there.
export function state (name, reach, options = {}) {
  test(`state: ${name}`, async () => {
    const p = await visit('on a phone', { statuses: [404, 409, 422], ...options, context: first })
    try {
      await reach(p)
      assert.deepEqual(await problems(p.page), [])
      await p.isFine()
    } catch (e) {
      e.message += await p.whereabouts()
      throw e
    } finally {
      await p.page.context().close()
    }
  })
}
