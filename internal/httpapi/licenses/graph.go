package licenses

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/cursor"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/id"
	"trueup/internal/subscription"
)

// graphPrefix is the prefix of the paths of the façade of Microsoft Graph.
const graphPrefix = "/v1.0/"

// facade returns the façade of Microsoft Graph. Its operations have names that begin with graph, and are in files
// of that name.
func (o *operations) facade() *httpapi.Facade {
	return &httpapi.Facade{Prefix: graphPrefix, Tag: "microsoft-graph", Error: o.graphError}
}

func (o *operations) graphOperations() httpapi.Operations {
	return httpapi.Operations{
		"graphListUsers": o.graphListUsers, "graphGetUser": o.graphGetUser, "graphListLicenseDetails": o.graphListLicenseDetails,
		"graphListSubscribedSkus": o.graphListSubscribedSkus, "graphListSubscriptions": o.graphListSubscriptions, "graphListGroupMembers": o.graphListGroupMembers,
		"graphAssignLicense": o.graphAssignLicense, "graphDeleteUser": o.graphDeleteUser, "graphRestoreUser": o.graphRestoreUser,
	}
}

// graphGUID returns the GUID that Graph knows something by: its id in the directory if that is one, or else its id
// here in the form of a GUID.
func graphGUID(objectID, ownID string) string {
	if id.IsGUID(objectID) {
		return strings.ToLower(objectID)
	}
	if guid, ok := id.GUID(ownID); ok {
		return guid
	}
	return ownID
}

// ownID returns the id here that a client of Graph means by a GUID, or the text itself.
func ownID(given string) string {
	if own, ok := id.FromGUID(given); ok {
		return own
	}
	return given
}

// skuID returns the GUID of the product that a subscription has licences of.
func skuID(h subscription.Holding) string { return graphGUID(h.SKU, h.ID) }

// servicePlanID returns the GUID of a service. Two subscriptions with the same service have the same one.
func servicePlanID(s subscription.Service) string {
	if id.IsGUID(s.ID) {
		return strings.ToLower(s.ID)
	}
	return id.NamedGUID(s.ID)
}

// GraphRequest is what every operation of the façade reads from a request.
type GraphRequest struct {
	httpapi.Reader
	Select string `query:"$select" maxLength:"1024" doc:"The properties to return, separated by commas." example:"id,displayName"`

	base string // scheme and host of the address that the caller used
}

// Resolve implements huma.Resolver.
func (r *GraphRequest) Resolve(ctx huma.Context) []error {
	scheme := ctx.Header("X-Forwarded-Proto") // set by API Gateway
	if scheme != "http" {
		scheme = "https"
	}
	r.base = scheme + "://" + ctx.Host()
	return nil
}

// context returns the value of @odata.context for a set of entities.
func (r *GraphRequest) context(set string) string {
	selected := ""
	if r.Select != "" {
		selected = "(" + r.Select + ")"
	}
	return r.base + graphPrefix + "$metadata#" + set + selected
}

// GraphPaging is the parameters of a collection.
type GraphPaging struct {
	Top   int    `query:"$top" minimum:"1" maximum:"999" default:"100" doc:"The maximum number of items in a page. A page of large items has fewer."`
	Count Switch `query:"$count" doc:"Whether to return the number of items of all pages as @odata.count."`
	Token string `query:"$skiptoken" maxLength:"4096" doc:"Where the page begins: use @odata.nextLink as it is."`
}

// GraphCollection is a page of a collection.
type GraphCollection[T any] struct {
	Context  string `json:"@odata.context" doc:"The address that describes the collection." example:"https://licenses.example.org/v1.0/$metadata#users"`
	Count    *int   `json:"@odata.count,omitempty" doc:"The number of items of all pages, if $count asks for it." example:"120"`
	NextLink string `json:"@odata.nextLink,omitempty" doc:"The address of the next page; absent on the last page."`
	Value    []T    `json:"value" doc:"The items of this page."`
}

// graphPageBytes is the maximum size of a page in bytes of JSON. A response of a function has at most 6 MB, in
// which each quotation mark of the page takes two.
const graphPageBytes = 3 << 20

// graphPage is what a page of a collection is made from.
type graphPage[S, T any] struct {
	set     string   // the name of the collection in @odata.context
	path    string   // below the prefix
	params  []string // names and values of more parameters of the query
	items   []S      // those after the token, sorted by key: at least one more than the page shows
	total   int      // number of items of all pages
	key     func(S) string
	convert func(S) T
}

// after returns the key of the last item of the page before; empty for the first page.
func (p GraphPaging) after(path string, params ...string) (last string, err error) {
	if _, err := cursor.Decode(p.Token, &last, slices.Concat([]string{"graph", path}, params)...); err != nil {
		return "", &errs.Error{Kind: errs.Invalid, Code: "invalid_input", Violations: []errs.Violation{{Code: "graph_token_invalid", Field: httpapi.ParameterField + "$skiptoken"}}}
	}
	return last, nil
}

// graphCollection returns a page. keep has the properties to keep, see selection.
func graphCollection[S, T any](r GraphRequest, p GraphPaging, keep map[string]bool, page graphPage[S, T]) (*GraphCollection[T], error) {
	out := &GraphCollection[T]{Context: r.context(page.set), Value: []T{}}
	if p.Count == yes {
		out.Count = &page.total
	}
	size, last := 0, ""
	for i, item := range page.items {
		shown := page.convert(item)
		keepProperties(&shown, keep)
		encoded, err := json.Marshal(shown)
		if err != nil {
			return nil, err
		}
		if size += len(encoded); i == p.Top || i > 0 && size > graphPageBytes {
			out.NextLink = r.next(p, page.path, cursor.Encode(last, slices.Concat([]string{"graph", page.path}, page.params)...), page.params)
			break
		}
		out.Value, last = append(out.Value, shown), page.key(item)
	}
	return out, nil
}

// next returns the address of the page at a token.
func (r *GraphRequest) next(p GraphPaging, path, token string, params []string) string {
	query := url.Values{}
	for i := 0; i+1 < len(params); i += 2 {
		query.Set(params[i], params[i+1])
	}
	query.Set("$select", r.Select)
	query.Set("$count", string(p.Count))
	query.Set("$skiptoken", token)
	var parts []string
	for _, name := range []string{"$filter", "$select", "$count", "$skiptoken"} {
		if value := query.Get(name); value != "" {
			parts = append(parts, name+"="+url.QueryEscape(value))
		}
	}
	return r.base + graphPrefix + path + "?$top=" + strconv.Itoa(p.Top) + "&" + strings.Join(parts, "&")
}

// properties returns the names of the properties of a type of Graph, without annotations.
func properties(of reflect.Type) (names []string) {
	for i := range of.NumField() {
		if name, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ","); !strings.HasPrefix(name, "@") {
			names = append(names, name)
		}
	}
	return names
}

// selection returns the properties of T that a request selects: those of $select, or else the given ones. empty are
// properties of Graph that nothing has here: selecting one selects nothing. nil keeps all.
func selection[T any](r GraphRequest, standard []string, empty []string) (map[string]bool, error) {
	known := properties(reflect.TypeFor[T]())
	selected := standard
	if r.Select != "" {
		selected = nil
		var unknown []errs.Violation
		for name := range strings.SplitSeq(r.Select, ",") {
			name = strings.TrimSpace(name)
			switch {
			case slices.Contains(known, name):
				selected = append(selected, name)
			case !slices.Contains(empty, name):
				unknown = append(unknown, errs.Violation{
					Code: "graph_property_unknown", Field: httpapi.ParameterField + "$select", Value: name, Args: errs.Pairs("properties", strings.Join(known, ", ")),
				})
			}
		}
		if unknown != nil {
			return nil, errs.Violated(unknown)
		}
		if selected == nil {
			selected = []string{"id"}
		}
	}
	if selected == nil {
		return nil, nil
	}
	keep := map[string]bool{}
	for _, name := range selected {
		keep[name] = true
	}
	return keep, nil
}

// keepProperties empties the other properties of a value of Graph. Empty ones are left out of JSON.
func keepProperties(value any, keep map[string]bool) {
	if keep == nil {
		return
	}
	v := reflect.ValueOf(value).Elem()
	for i := range v.NumField() {
		if name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ","); !strings.HasPrefix(name, "@") && !keep[name] {
			v.Field(i).SetZero()
		}
	}
}

// first keeps the n smallest of the values that are added to it, by a key.
type first[S any] struct {
	n     int
	key   func(S) string
	items []S
}

func (f *first[S]) add(item S) {
	f.items = append(f.items, item)
	if len(f.items) >= 2*f.n+64 {
		f.cut()
	}
}

// cut sorts the values and drops all but the first n.
func (f *first[S]) cut() {
	slices.SortFunc(f.items, func(a, b S) int { return cmp.Compare(f.key(a), f.key(b)) })
	if len(f.items) > f.n {
		clear(f.items[f.n:])
		f.items = f.items[:f.n]
	}
}

// graphRead sets what all reads of the façade share.
func graphRead(op *huma.Operation, summary, description string, statuses ...int) {
	op.Summary, op.Description = summary, description
	op.Errors = append(op.Errors, statuses...)
}

// Preference is the header in which a client of Graph acknowledges what is lost.
type Preference struct {
	Prefer string `header:"Prefer" maxLength:"1024" doc:"trueup.acknowledge=service-data: required if users lose licences. Their service data is deleted for good, except documents in SharePoint Online." example:"trueup.acknowledge=service-data"`
}

// acknowledging is the preference that acknowledges the loss of service data.
const acknowledging = "trueup.acknowledge=" + string(acknowledgeData)

// acknowledged reports whether the preferences, as in RFC 7240, have the acknowledgement.
func (p Preference) acknowledged() bool {
	for preference := range strings.SplitSeq(p.Prefer, ",") {
		preference, _, _ = strings.Cut(preference, ";")
		name, value, _ := strings.Cut(preference, "=")
		if strings.EqualFold(strings.TrimSpace(name)+"="+strings.Trim(strings.TrimSpace(value), `"`), acknowledging) {
			return true
		}
	}
	return false
}

// applied returns the value of the header Preference-Applied.
func (p Preference) applied() string {
	if p.acknowledged() {
		return acknowledging
	}
	return ""
}

// graphChange returns the error of a change, as clients of Graph can act on it: they acknowledge in a header.
func graphChange(err error) error {
	if e := errs.As(err); e != nil {
		if code, renamed := graphAcknowledgements[e.Code]; renamed {
			return &errs.Error{Kind: e.Kind, Code: code, Args: e.Args}
		}
	}
	return err
}

var graphAcknowledgements = map[string]string{
	"acknowledgement_required":          "graph_acknowledgement_required",
	"deletion_acknowledgement_required": "graph_deletion_acknowledgement_required",
}

// graphStatuses has the status of errors that Graph answers otherwise than the other routes do.
var graphStatuses = map[string]int{
	"license_refused":  http.StatusBadRequest,
	"license_not_held": http.StatusBadRequest,
}
