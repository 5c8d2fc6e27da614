// Improves pages that work without it: it replaces results instead of the page, shows progress, adds rows,
// looks names up, jumps to pages, and shows times in the person's time zone.

const $ = (selector, root = document) => root.querySelector(selector)
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)]
const policy = window.trustedTypes?.createPolicy('trueup', { createHTML: text => text })
// A page of the console itself, whose texts the server has escaped.
const parse = text => new DOMParser().parseFromString(policy ? policy.createHTML(text) : text, 'text/html')
const fold = text => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
const live = $('#live')
const say = text => { live.textContent = ''; setTimeout(() => { live.textContent = text }, 60) }
const element = (name, properties, ...children) => { const e = Object.assign(document.createElement(name), properties); e.append(...children); return e }

document.documentElement.classList.add('has-js')
$('#errors')?.focus()

// Times. en is the English of Europe: day before month.
function localTimes (root) {
  const language = { en: 'en-GB' }[document.documentElement.lang] ?? document.documentElement.lang
  for (const time of $$('time[datetime]', root)) {
    const moment = new Date(time.dateTime)
    if (Number.isNaN(moment.getTime()) || time.title) continue
    time.title = time.textContent
    // A date does not break over two lines.
    time.textContent = moment.toLocaleString(language, { dateStyle: 'medium', timeStyle: 'short' }).replace(/(?<!,) /g, '\u00a0')
  }
}
localTimes(document)

// Filters, sorts and pages of lists replace the results, with links that follow their filters, and stay in the address.
let asked, polling
const pageOf = address => new URL(address, location.href).href.split('#')[0]
let shown = pageOf(location.href)
// told is the text that people hear about the results.
const told = results => $('caption, #shown, .blank h2', results)?.textContent ?? ''
// quiet is for results that nobody asked for: they do not fade, and nothing is said unless it is new.
async function replaceResults (address, { remember = false, quiet = false } = {}) {
  const results = $('#results')
  asked?.abort()
  asked = new AbortController()
  clearTimeout(polling) // it would abort this request
  if (!quiet) results.setAttribute('aria-busy', 'true')
  try {
    const response = await fetch(address, { signal: asked.signal, redirect: 'manual', headers: { Accept: 'text/html' } })
    const page = response.ok && parse(await response.text())
    const next = page && $('#results', page)
    if (!next) return quiet && response.status >= 400 ? poll() : location.assign(address) // a redirect has the status 0
    for (const old of $$('[data-follows]').filter(x => !results.contains(x))) old.replaceWith($('#' + old.id, page) ?? '')
    const focused = document.activeElement
    const column = focused.closest?.('th')?.cellIndex
    localTimes(next)
    results.replaceWith(next)
    if (remember) history.pushState(null, '', address)
    shown = pageOf(address)
    const again = focused.id ? document.getElementById(focused.id)
      : focused.name ? $$(`[name="${focused.name}"]`, next).find(x => x.value === focused.value)
        : quiet && focused.href ? $$('a', next).find(x => x.href === focused.href)
          : column === undefined ? null : $('a', $('thead tr', next)?.cells[column] ?? next)
    again?.focus()
    if (again?.type === 'search') again.setSelectionRange(again.value.length, again.value.length)
    if (!quiet || told(next) !== told(results)) say(told(next))
    poll()
  } catch (e) {
    if (e.name === 'AbortError') return
    if (quiet) poll(); else location.assign(address)
  }
}
function addressOf (form) {
  const query = new URLSearchParams()
  for (const [name, value] of new FormData(form)) if (value) query.append(name, value)
  return form.action.split('?')[0] + (query.size ? '?' + query : '')
}
let typing
addEventListener('input', e => {
  const form = e.target.closest('form[data-auto]')
  if (!form || !$('#results')) return
  clearTimeout(typing)
  typing = setTimeout(() => replaceResults(addressOf(form), { remember: true }), e.target.matches('[type=search]') ? 350 : 0)
})
addEventListener('submit', e => {
  if (e.target.matches('form[data-auto]') && $('#results')) { e.preventDefault(); replaceResults(addressOf(e.target), { remember: true }) }
})
addEventListener('click', e => {
  const link = e.target.closest('a[data-swap]')
  if (link && $('#results') && !e.ctrlKey && !e.metaKey && !e.shiftKey && e.button === 0) { e.preventDefault(); replaceResults(link.href, { remember: true }) }
})
// A link to a part of this page is none of these.
addEventListener('popstate', () => { if ($('#results') && pageOf(location.href) !== shown) replaceResults(location.href) })

// What goes on is shown again every two seconds, while the page is in view.
function poll () {
  clearTimeout(polling)
  if ($('#results[data-poll], #results [data-poll]')) polling = setTimeout(() => document.hidden ? poll() : replaceResults(location.href, { quiet: true }), 2000)
  else if ($('#import[data-poll]')) polling = setTimeout(() => document.hidden ? poll() : location.reload(), 2000)
}
poll()

// Go anywhere: Ctrl K or /.
const palette = $('#palette')
if (palette) {
  const input = $('input', palette), list = $('ul', palette)
  const places = $$('.side a').map(a => ({ text: $('span', a).textContent.trim(), href: a.href }))
  let at = 0
  const found = () => {
    const typed = input.value.trim()
    const hits = places.filter(p => fold(p.text).includes(fold(typed)))
    if (typed) hits.push({ text: palette.dataset.agreements.replace('{q}', typed), href: '/console/agreements?' + new URLSearchParams({ q: typed }) })
    return hits
  }
  const show = () => {
    const hits = found()
    at = Math.max(0, Math.min(at, hits.length - 1))
    list.replaceChildren(...hits.map((hit, i) => element('li', { className: 'item', role: 'option', id: 'place-' + i, ariaSelected: String(i === at), onclick: () => location.assign(hit.href) }, hit.text)))
    input.setAttribute('aria-activedescendant', hits.length ? 'place-' + at : '')
    list.children[at]?.scrollIntoView({ block: 'nearest' })
  }
  input.addEventListener('input', () => { at = 0; show() })
  input.addEventListener('keydown', e => {
    const n = list.children.length
    if (e.key === 'ArrowDown' || e.key === 'ArrowUp') { e.preventDefault(); at = (at + (e.key === 'ArrowDown' ? 1 : n - 1)) % n; show() }
    if (e.key === 'Enter') { e.preventDefault(); const hit = found()[at]; if (hit) location.assign(hit.href) }
  })
  palette.addEventListener('click', e => { if (e.target === palette) palette.close() })
  addEventListener('keydown', e => {
    const inField = e.target.closest?.('input, textarea, select')
    if ((e.key === 'k' && (e.ctrlKey || e.metaKey)) || (e.key === '/' && !inField)) {
      e.preventDefault(); input.value = ''; at = 0; palette.showModal(); show(); input.focus()
    }
  })
}

// Rows of pairs, and many at once from a spreadsheet.
for (const table of $$('[data-pairs]')) {
  const rows = table.tBodies[0]
  const count = () => say(table.dataset.rows.replace('{n}', rows.rows.length))
  const renumber = () => [...rows.rows].forEach((row, i) => {
    $('.ix', row).textContent = i + 1
    for (const field of $$('input, button', row)) {
      field.ariaLabel = field.ariaLabel.replace(/\d+$/, i + 1)
      if (field.id) field.id = field.id.replace(/\d+$/, i)
    }
    $('button', row).value = 'remove-pair-' + i
  })
  const add = () => {
    const row = rows.rows[0].cloneNode(true)
    for (const field of $$('input', row)) { field.value = ''; field.removeAttribute('aria-invalid'); field.removeAttribute('aria-describedby') }
    for (const error of $$('.error', row)) error.remove()
    rows.append(row); renumber()
    return row
  }
  $('[data-add]', table.closest('form')).addEventListener('click', e => { e.preventDefault(); $('input', add()).focus(); count() })
  rows.addEventListener('click', e => {
    const row = e.target.closest('[data-remove]')?.closest('tr')
    if (!row) return
    e.preventDefault()
    if (rows.rows.length === 1) return
    const i = row.sectionRowIndex
    row.remove(); renumber()
    $('input', rows.rows[Math.min(i, rows.rows.length - 1)]).focus()
    count()
  })
  rows.addEventListener('paste', e => {
    const lines = e.clipboardData.getData('text').split(/\r\n?|\n/).filter(l => l.trim()).map(l => l.split(/[\t;,]/).map(c => c.trim()))
    if (lines.length < 2 && !(lines[0]?.length > 1)) return
    e.preventDefault()
    let row = e.target.closest('tr')
    lines.forEach(([authorization, license], i) => {
      if (i) row = row.nextElementSibling ?? add()
      const fields = $$('input', row)
      fields[0].value = authorization ?? ''; fields[1].value = license ?? ''
    })
    $$('input', row)[1].focus()
    count()
  })
}

// What a form sends is kept in this tab until the next page of the console is there. If the connection is lost meanwhile, the page
// of the form shows it again. Browsers show again what was typed, but not added rows, and not the key, with which nothing is done
// twice. Details are left out, because they can have registration keys.
function keepSent (form) { try { sessionStorage.setItem('sent', JSON.stringify(form)) } catch { /* the browser keeps nothing */ } }
function takeSent () {
  try {
    const form = JSON.parse(sessionStorage.getItem('sent'))
    sessionStorage.removeItem('sent')
    return form
  } catch { return null }
}
function showAgain ({ at, action, fields }) {
  const isSent = field => /^(key|version)$/.test(field.name) || fields.some(([name, value]) => name === field.name && value === field.value)
  const form = at === location.href && $$('form[method=post]').find(x => x.getAttribute('action') === action && $$('[type=hidden]', x).every(isSent)) // forms of a list differ in what is hidden
  if (!form) return
  const pairs = fields.filter(([name]) => name === 'authorization').length, add = $('[data-add]', form)
  while (add && form.querySelectorAll('[name=authorization]').length < pairs) add.click()
  for (const field of form.querySelectorAll('[name]:not([type=file], [name=details], button)')) {
    const i = fields.findIndex(([name, value]) => name === field.name && (!/^(radio|checkbox)$/.test(field.type) || value === field.value))
    if (/^(radio|checkbox)$/.test(field.type)) field.checked = i >= 0
    else if (i >= 0) field.value = fields[i][1]
    if (i >= 0) fields.splice(i, 1)
  }
  form.dispatchEvent(new Event('input')) // it is guarded again
  alertIn(form, document.body.dataset.again)
}
addEventListener('submit', e => {
  const form = e.target
  if (!form.matches('[method=post]') || e.defaultPrevented) return
  keepSent({ at: location.href, action: form.getAttribute('action'), fields: [...new FormData(form)].filter(([name, value]) => typeof value === 'string' && name !== 'details') })
})
addEventListener('pageshow', e => { if (e.persisted) takeSent() })

// Leaving a page on which something is typed asks first.
for (const form of $$('form[data-guard]')) {
  let typed = false
  form.addEventListener('input', () => { typed = true })
  form.addEventListener('submit', () => { typed = false })
  addEventListener('beforeunload', e => { if (typed) e.preventDefault() })
}

// Progress of an upload: a share from 0 to 1, or null while the server works.
const maxFile = 4 << 20
function progressOf (form) {
  const box = $('[data-progress]', form), bar = $('progress', box)
  return {
    hide () { box.hidden = true },
    show (text, part) {
      box.hidden = false
      $('[data-label]', box).textContent = text
      $('[data-value]', box).textContent = part === null ? '' : Math.round(part * 100) + '%'
      if (part === null) bar.removeAttribute('value'); else bar.value = part * 100
    }
  }
}
function alertIn (place, text) {
  $('.error', place)?.remove()
  place.append(element('p', { className: 'error', role: 'alert' }, text))
}
const textsOf = page => $$('.summary li, .blank p', page).map(x => x.textContent.trim()).join(' ')

// A file that is larger than the function can receive goes to the bucket directly.
// fieldsOf announces a file: the fields of its form without the file itself.
function fieldsOf (form, file) {
  const fields = new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === 'string'))
  fields.set('fileName', file.name)
  fields.set('size', file.size)
  return fields
}
for (const form of $$('form[data-file-form]')) {
  form.addEventListener('submit', async e => {
    const file = $('[type=file]', form).files[0], progress = progressOf(form)
    if (!file || file.size <= maxFile) return
    e.preventDefault()
    const fail = text => { progress.hide(); alertIn(form, text || form.dataset.failed) }
    try {
      const response = await fetch(form.action, { method: 'POST', body: fieldsOf(form, file) })
      if (!response.ok) return fail(textsOf(parse(await response.text())))
      const to = await response.json(), request = new XMLHttpRequest()
      progress.show(form.dataset.sending, 0); say(form.dataset.sending)
      request.upload.onprogress = p => progress.show(form.dataset.sending, p.loaded / p.total)
      request.onerror = () => fail()
      request.onload = () => request.status < 300 ? location.assign(form.dataset.then || location.pathname) : fail()
      request.open(to.method, to.url)
      for (const [name, value] of Object.entries(to.headers)) if (!/^(host|content-length)$/i.test(name)) request.setRequestHeader(name, value)
      request.send(file)
    } catch { fail() }
  })
}

// Upload with progress; then the result, line by line, on the same page.
const upload = $('form[data-upload]')
if (upload) {
  const drop = $('[data-drop]', upload), file = $('[type=file]', upload), result = $('[data-result]'), progress = progressOf(upload)
  for (const type of ['dragenter', 'dragover']) drop.addEventListener(type, e => { e.preventDefault(); drop.classList.add('over') })
  for (const type of ['dragleave', 'drop']) drop.addEventListener(type, e => { e.preventDefault(); drop.classList.remove('over') })
  drop.addEventListener('drop', e => { if (e.dataTransfer.files.length) { file.files = e.dataTransfer.files; say(file.files[0].name) } })
  const fail = text => { progress.hide(); result.replaceChildren(); alertIn(result, text) }
  upload.addEventListener('submit', e => {
    e.preventDefault()
    if (file.files[0]?.size > maxFile) return fail(upload.dataset.toobig)
    const data = new FormData(upload, e.submitter), request = new XMLHttpRequest()
    result.replaceChildren(); progress.show(upload.dataset.sending, 0); say(upload.dataset.sending)
    request.upload.onprogress = p => progress.show(upload.dataset.sending, p.loaded / p.total)
    request.upload.onload = () => { progress.show(upload.dataset.checking, null); say(upload.dataset.checking) }
    request.onerror = () => fail(upload.dataset.failed)
    request.onload = () => follow(request.responseURL, request.responseText)
    request.open('POST', upload.action)
    request.send(data)
  })
  async function follow (address, text) {
    const page = parse(text), section = $('#import', page)
    if (!section) return fail(textsOf(page) || upload.dataset.failed)
    if (section.dataset.final === undefined) {
      await new Promise(resolve => setTimeout(resolve, 700))
      try { return follow(address, await (await fetch(address)).text()) } catch { return fail(upload.dataset.failed) }
    }
    progress.hide()
    localTimes(section)
    $('.filters', section)?.remove() // the page of the import has them
    result.replaceChildren(section)
    $('[name=key]', upload).value = crypto.randomUUID() // the next upload is another one
    const title = $('h2', section)
    title.tabIndex = -1; title.focus()
    say(title.textContent)
  }
}

// Names while typing.
for (const combo of $$('[data-combo]')) {
  const input = $('input', combo), of = combo.dataset.of && document.getElementById(combo.dataset.of)
  const options = element('ul', { id: input.id + '-list', role: 'listbox', hidden: true, ariaLabel: $('label', combo).textContent.trim() })
  combo.append(options)
  for (const [name, value] of Object.entries({ role: 'combobox', autocomplete: 'off', 'aria-autocomplete': 'list', 'aria-expanded': 'false', 'aria-controls': options.id })) input.setAttribute(name, value)
  let active = -1, wait, request
  const close = () => { options.hidden = true; input.ariaExpanded = 'false'; active = -1; input.removeAttribute('aria-activedescendant') }
  const mark = () => [...options.children].forEach((li, i) => {
    li.ariaSelected = String(i === active)
    if (i === active) { input.setAttribute('aria-activedescendant', li.id); li.scrollIntoView({ block: 'nearest' }) }
  })
  const choose = li => { input.value = li.dataset.name; close(); input.dispatchEvent(new Event('change', { bubbles: true })) }
  const marked = (text, typed) => {
    const i = fold(text).indexOf(fold(typed))
    return i < 0 ? [text] : [text.slice(0, i), element('mark', {}, text.slice(i, i + typed.length)), text.slice(i + typed.length)]
  }
  const look = async () => {
    const typed = input.value.trim()
    if (!typed || (of && !of.value.trim())) return close()
    request?.abort(); request = new AbortController()
    let lines
    try {
      const query = new URLSearchParams({ q: typed, ...(of && { [of.name]: of.value.trim() }) })
      const response = await fetch(combo.dataset.combo + '?' + query, { signal: request.signal })
      if (!response.ok) return close()
      lines = (await response.text()).split('\n').filter(Boolean)
    } catch { return }
    const kept = options.children[active]?.dataset.name // typing on keeps what was chosen
    options.replaceChildren(...lines.map((line, i) => {
      const [name, alias] = line.split('\t')
      const li = element('li', { className: 'item', role: 'option', id: options.id + i, ariaSelected: 'false' }, element('span', {}, ...marked(name, typed)))
      li.dataset.name = name
      if (alias) li.append(element('span', { className: 'muted small' }, ...marked(alias, typed)))
      li.addEventListener('pointerdown', e => { e.preventDefault(); choose(li) })
      return li
    }))
    active = lines.findIndex(line => line.split('\t')[0] === kept)
    if (active >= 0) mark()
    options.hidden = !lines.length
    input.ariaExpanded = String(!options.hidden)
    say(String(lines.length))
  }
  input.addEventListener('input', () => { clearTimeout(wait); wait = setTimeout(look, 150) })
  input.addEventListener('keydown', e => {
    if (options.hidden) return
    const n = options.children.length
    if (e.key === 'ArrowDown') { e.preventDefault(); active = (active + 1) % n; mark() }
    if (e.key === 'ArrowUp') { e.preventDefault(); active = active > 0 ? active - 1 : n - 1; mark() }
    if (e.key === 'Enter' && active >= 0) { e.preventDefault(); choose(options.children[active]) }
    if (e.key === 'Escape') { e.preventDefault(); close() }
  })
  input.addEventListener('blur', close)
}

const sent = takeSent()
if (sent && performance.getEntriesByType('navigation')[0]?.type === 'back_forward') showAgain(sent)
