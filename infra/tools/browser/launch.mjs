// How Chromium is started: Debian's, without what a test on one machine does not need. The shell without a window has the same
// engine, and needs a third of the processor's time for a tab.
import fs from 'node:fs'

export const launch = {
  executablePath: process.env.TRUEUP_CHROMIUM ?? ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'].find(fs.existsSync),
  args: [
    '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
    '--disable-sync'
  ]
}

// cookieOf returns the cookie of the session that TRUEUP_SESSION has, as name=value, for the console at an address.
export function cookieOf (address) {
  const [name, value] = process.env.TRUEUP_SESSION.split('=')
  return { name, value, domain: new URL(address).hostname, path: '/', secure: true, httpOnly: true, sameSite: 'Lax' }
}

// visitor opens a tab without anything in its cache, for the person of that session.
export async function visitor (browser, address, options) {
  const context = await browser.newContext(options)
  await context.addCookies([cookieOf(address)])
  return { context, page: await context.newPage() }
}
