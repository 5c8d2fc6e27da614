package issuer

import (
	"html/template"
	"net/http"
	"net/url"
)

// page is what the sign-in page shows.
type page struct {
	Action, Client, Name string
	Groups               []string
	Hidden               url.Values // the request, which the form repeats
}

// policy lets the pages have their own style and nothing else. It has no form-action: browsers apply
// it to redirects, too, and the form leads to the client.
const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"

func signInPage(w http.ResponseWriter, p page) { show(w, http.StatusOK, "sign-in", p) }

// refusePage says why a request is refused, to the developer: the browser must not be sent back.
func refusePage(w http.ResponseWriter, reason string) {
	show(w, http.StatusBadRequest, "refused", reason)
}

func show(w http.ResponseWriter, status int, name string, data any) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = pages.ExecuteTemplate(w, name, data) // fails only when the client has disconnected
}

var pages = template.Must(template.New("").Parse(`
{{- define "head"}}<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{{.}}</title>
<style>
  :root {
    color-scheme: light dark;
    --page: light-dark(#f5f6f8, #0e131a); --card: light-dark(#fff, #161c25); --text: light-dark(#17202c, #e7ecf3);
    --muted: light-dark(#556172, #9fabbc); --line: light-dark(#78859a, #6b7a91); --accent: light-dark(#3a49c4, #9aa8ff); --fill: light-dark(#eceefb, #222a4d);
  }
  * { box-sizing: border-box }
  body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif }
  main { width: min(26rem, 100%); padding: 1.75rem; border-radius: 10px; background: var(--card); box-shadow: 0 1px 3px rgb(0 0 0 / .18) }
  h1 { margin: 0 0 .25rem; font-size: 1.4rem }
  p { margin: 0 0 1.25rem; color: var(--muted); font-size: .92rem }
  label, legend { padding: 0; font-weight: 600; font-size: .92rem }
  input { width: 100%; margin: .25rem 0 1.25rem; padding: .5rem .65rem; border: 1px solid var(--line); border-radius: 7px; background: var(--page); color: inherit; font: inherit }
  fieldset { margin: 0; padding: 0; border: 0; display: grid; gap: .5rem }
  legend { margin-bottom: .5rem }
  button { min-height: 2.6rem; padding: .4rem .8rem; border: 1px solid transparent; border-radius: 7px; background: var(--fill); color: var(--accent); font: inherit; font-weight: 600; text-align: left; cursor: pointer }
  button:hover { border-color: var(--accent) }
  button.plain { border-color: var(--line); background: none; color: var(--text); font-weight: 400 }
  :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
</style>
{{- end}}

{{- define "sign-in"}}{{template "head" "Sign in on this machine"}}
<main>
  <h1>Sign in</h1>
  <p>This page exists in the local stack only. It asks for no password.</p>
  <form method="post" action="{{.Action}}">
    {{- range $name, $values := .Hidden}}{{range $values}}
    <input type="hidden" name="{{$name}}" value="{{.}}">{{end}}{{end}}
    <label for="name">Name</label>
    <input id="name" name="name" value="{{.Name}}" required maxlength="60" autocomplete="off" spellcheck="false">
    <fieldset>
      <legend>Sign in to {{.Client}} as</legend>
      {{- range .Groups}}
      <button name="group" value="{{.}}">{{.}}</button>{{end}}
      <button class="plain" name="group" value="">without a role</button>
      <button class="plain" name="group" value="cancel" formnovalidate>Cancel</button>
    </fieldset>
  </form>
</main>
{{end}}

{{- define "refused"}}{{template "head" "Not possible"}}
<main>
  <h1>Not possible</h1>
  <p>{{.}}.</p>
</main>
{{end}}`))
