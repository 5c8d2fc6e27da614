package console

import (
	"context"
	"maps"
	"net/url"
	"strings"
	"sync"
	"time"

	"trueup/internal/console/client"
	"trueup/internal/pack"
)

const (
	nameKept      = 5 * time.Minute // how long a process keeps the name of a caller
	unnamedKept   = time.Minute     // how long it keeps that a name is not known or could not be read
	namesKept     = 10_000          // how many callers it keeps at most
	namesTimeout  = 2 * time.Second // for a call; a page then has ids
	maxNames      = 100             // ids in a call
	maxNamesBytes = 5000            // size of the query: API Gateway refuses a request of more than 10,240 bytes, with the token
	maxCallerID   = 256             // bytes of an id that the API takes
)

// callerNames keeps the names of callers that the API returned, by their ids. Every person who may use a page that
// shows them may read them in audit events. It is safe for concurrent use.
type callerNames struct {
	mu    sync.Mutex
	known map[string]knownName
}

// knownName is the name of a caller; empty if it is not known.
type knownName struct {
	name  string
	until time.Time
}

// find adds the names that are known at a time to found, by id, and returns the other ids.
func (n *callerNames) find(now time.Time, ids []string, found map[string]string) (others []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, id := range ids {
		if known, ok := n.known[id]; ok && now.Before(known.until) {
			found[id] = known.name
		} else {
			others = append(others, id)
		}
	}
	return others
}

// keep keeps the names of ids that the API was asked for. Ids that it left out have none.
func (n *callerNames) keep(now time.Time, asked []string, found map[string]string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.known == nil || len(n.known)+len(asked) > namesKept {
		n.known = make(map[string]knownName, len(asked))
	}
	for _, id := range asked {
		until := now.Add(unnamedKept)
		if found[id] != "" {
			until = now.Add(nameKept)
		}
		n.known[id] = knownName{found[id], until}
	}
}

// signedIn signs a person in, and tells the API the name in the ID token, because access tokens of some issuers
// have none. If that fails, the person is signed in all the same, and the next sign-in tries again.
func signedIn(v *visit) error {
	p, err := v.site.Sessions.SignedIn(v.w, v.r)
	name := p.Caller.Name
	if err != nil || name == "" || name == p.Caller.Subject || len(p.Caller.Roles) == 0 { // without a role every call is refused
		return err
	}
	ctx, cancel := context.WithTimeout(v.r.Context(), namesTimeout)
	defer cancel()
	c := client.Call{Token: p.Token, Lang: string(v.lang), Body: map[string]string{"name": name}}
	if _, err := client.Do(ctx, v.site.api, api.nameCaller, c); err != nil {
		v.site.Log.WarnContext(v.r.Context(), "name of a caller not stored", append(v.whereabouts(), "error", err)...)
		return nil
	}
	v.site.names.keep(v.site.Now(), []string{p.Caller.Subject}, map[string]string{p.Caller.Subject: name})
	return nil
}

// know reads the names of callers for who, unless the process has them: with one call at most. If that fails,
// the page has ids. It replaces what the visit knew.
func (v *visit) know(ids ...string) {
	v.names = map[string]string{}
	if self := v.person.Caller; self.Name != "" {
		v.names[self.Subject] = self.Name
	}
	others := v.site.names.find(v.site.Now(), v.unknown(ids), v.names)
	asked, size := others[:0], 0
	for _, id := range others {
		if size += len(url.QueryEscape(id)) + len("%2C"); size > maxNamesBytes || len(asked) == maxNames {
			break // the next page asks for the rest
		}
		asked = append(asked, id)
	}
	if len(asked) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(v.r.Context(), namesTimeout)
	defer cancel()
	c := v.call()
	c.Query = url.Values{"id": {strings.Join(asked, ",")}}
	list, err := client.Do(ctx, v.site.api, api.listCallers, c)
	if err != nil {
		v.site.Log.WarnContext(v.r.Context(), "names of callers not read", append(v.whereabouts(), "error", err)...)
		v.site.names.keep(v.site.Now(), asked, nil) // the next pages do not wait for it again
		return
	}
	found := map[string]string{}
	for _, c := range list.Items {
		found[c.ID] = c.Name
	}
	v.site.names.keep(v.site.Now(), asked, found)
	maps.Copy(v.names, found)
}

// unknown returns the ids that have no name yet, each once, without ids that the API cannot be asked for.
func (v *visit) unknown(ids []string) (unknown []string) {
	seen := map[string]bool{"": true}
	for _, id := range ids {
		if seen[id] || v.names[id] != "" || len(id) > maxCallerID || strings.Contains(id, ",") {
			continue
		}
		seen[id] = true
		unknown = append(unknown, id)
	}
	return unknown
}

// knowOf is know for a list of things that each have the id of a caller.
func knowOf[T any](v *visit, list []T, by func(T) string) { v.know(pack.Each(list, by)...) }

// knowEvents is know for events that do not have the name themselves, such as the end of an import.
func (v *visit) knowEvents(list []auditEvent) {
	knowOf(v, list, func(e auditEvent) string {
		if e.ByName != "" {
			return ""
		}
		return e.By
	})
}

// who returns the name of a caller, or the id if know found none.
func (v *visit) who(id string) string {
	if name := v.names[id]; name != "" {
		return name
	}
	return id
}
