// Makes pictures of the overview: 1280 × 800 with two pixels for each. Arguments: the address of the console, and the folder for
// overview-light.png and overview-dark.png. TRUEUP_SESSION has the cookie of a session, as name=value.
import { chromium } from 'playwright-core'
import { launch, visitor } from './launch.mjs'

const [address, folder] = process.argv.slice(2)
const browser = await chromium.launch(launch)
for (const colorScheme of ['light', 'dark']) {
  const { page } = await visitor(browser, address, { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 2, colorScheme, locale: 'en-GB', reducedMotion: 'reduce' })
  await page.goto(address + '/console/overview', { waitUntil: 'networkidle' })
  await page.screenshot({ path: `${folder}/overview-${colorScheme}.png` })
}
await browser.close()
