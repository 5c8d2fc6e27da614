// Measures the console in Chromium for `make bench`, and prints JSON: bytes and requests of a first visit and of later pages, and
// their largest contentful paint on slow 3G, a list for each. Arguments: the address of the console, the number of rounds, and the
// pages; the first visit is to the first one. TRUEUP_SESSION has the cookie of a session, as name=value.
import { chromium } from 'playwright-core'
import { launch, visitor } from './launch.mjs'

const [address, rounds, ...pages] = process.argv.slice(2)
const browser = await chromium.launch(launch)

// tab opens a tab of a phone, with its protocol of devtools.
async function tab () {
  const { context, page } = await visitor(browser, address, { viewport: { width: 390, height: 844 } })
  const devtools = await context.newCDPSession(page)
  await devtools.send('Network.enable')
  return { context, page, devtools }
}

// sizes returns what each page transfers, with the headers of responses, and in how many requests.
async function sizes () {
  const { context, page, devtools } = await tab()
  let bytes = 0, requests = 0
  devtools.on('Network.loadingFinished', e => { bytes += e.encodedDataLength; if (e.encodedDataLength > 0) requests++ })
  const list = []
  for (const path of pages) {
    bytes = requests = 0
    await page.goto(address + path, { waitUntil: 'networkidle' })
    list.push({ bytes, requests })
  }
  await context.close()
  return list
}

// paints returns the largest contentful paint of each page in milliseconds.
async function paints () {
  const { context, page, devtools } = await tab()
  await devtools.send('Network.emulateNetworkConditions', { offline: false, latency: 400, downloadThroughput: 400_000 / 8, uploadThroughput: 400_000 / 8 })
  const list = []
  for (const path of pages) {
    await page.goto(address + path, { waitUntil: 'networkidle' })
    list.push(await page.evaluate(() => new Promise(resolve => {
      new PerformanceObserver(seen => resolve(seen.getEntries().at(-1).startTime)).observe({ type: 'largest-contentful-paint', buffered: true })
    })))
  }
  await context.close()
  return list
}

const measured = { sizes: await sizes(), paints: [] }
for (let n = 0; n < Number(rounds); n++) measured.paints.push(await paints())
await browser.close()
console.log(JSON.stringify(measured))
