// Measures pages of the console with Lighthouse, as a phone, and prints a JSON list of the scores of each: performance and accessibility,
// out of 100. Performance is the median of the rounds. Arguments: the address of the console, the number of rounds, and the pages.
// TRUEUP_SESSION has the cookie of a session, as name=value.
import { launch } from 'chrome-launcher'
import lighthouse from 'lighthouse'
import { launch as chromium } from '../../../../infra/tools/browser/launch.mjs'

const [address, rounds, ...pages] = process.argv.slice(2)
const chrome = await launch({ chromePath: chromium.executablePath, chromeFlags: chromium.args })
const middle = list => list.sort((a, b) => a - b)[Math.floor(list.length / 2)]
const scores = []
try {
  for (const page of pages) {
    const performance = []
    let accessibility = 100
    for (let n = 0; n < Number(rounds); n++) {
      const { lhr } = await lighthouse(address + page, {
        port: chrome.port, output: 'json', logLevel: 'error', onlyCategories: ['performance', 'accessibility'], extraHeaders: { Cookie: process.env.TRUEUP_SESSION }
      })
      if (lhr.runtimeError) throw new Error(`${page}: ${lhr.runtimeError.message}`)
      if (new URL(lhr.finalDisplayedUrl).pathname !== page) throw new Error(`${page} leads to ${lhr.finalDisplayedUrl}`)
      performance.push(Math.round(lhr.categories.performance.score * 100))
      accessibility = Math.min(accessibility, Math.round(lhr.categories.accessibility.score * 100))
    }
    scores.push({ page, performance: middle(performance), accessibility })
  }
} finally {
  chrome.kill()
}
console.log(JSON.stringify(scores))
