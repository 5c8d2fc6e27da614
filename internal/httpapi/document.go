package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"trueup/internal/access"
	"trueup/internal/errs"
	"trueup/internal/httpapi/route"
	"trueup/internal/i18n"
)

// permissionKey is the metadata key of an operation's permission.
const permissionKey = "permission"

// securityScheme and languageParameter are names of components in the document.
const (
	securityScheme    = "token"
	languageParameter = "AcceptLanguage"
)

// Document returns the OpenAPI 3.1 document of all routes, as indented JSON.
func Document(functions ...Function) []byte {
	all, enums, facades := Operations{}, []Enum(nil), map[string]*Facade{}
	for _, f := range functions {
		maps.Copy(all, f.Operations)
		enums = append(enums, f.Enums...)
		facades[f.Name] = f.Facade
	}
	api := humago.New(http.NewServeMux(), configuration(enums, 0))
	for _, r := range route.API {
		op := operation(r)
		if f := facades[r.Function]; f.serves(r.Path) {
			f.adapt(&op)
		}
		all.of(r)(api, op)
		delete(all, r.Operation)
	}
	for id := range all {
		panic(fmt.Sprintf("httpapi: the operation %q has no route", id))
	}
	for _, f := range functions {
		if f.Describe != nil {
			f.Describe(api.OpenAPI())
		}
	}
	describeProblems(api.OpenAPI())
	for _, f := range facades {
		if f != nil {
			f.describe(api.OpenAPI())
		}
	}
	var indented bytes.Buffer
	encoder := json.NewEncoder(&indented)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(api.OpenAPI()); err != nil {
		panic("httpapi: the OpenAPI document is no JSON: " + err.Error())
	}
	return indented.Bytes()
}

func configuration(enums []Enum, maxValues int) huma.Config {
	config := huma.DefaultConfig("trueup", "1.0.0")
	config.OpenAPI.OpenAPI = "3.1.0"
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	for _, e := range slices.Concat(sharedEnums, enums) {
		config.Components.Schemas.RegisterTypeAlias(e.of, e.schema)
	}
	config.Info.Description = "Stores an organisation's software licence agreements and looks up their entitlements.\n\n" +
		"**Errors** are problem documents (RFC 9457). `code` identifies the problem and never changes; for invalid input `errors` lists " +
		"every error, with a JSON pointer (RFC 6901) into the body or the name of the parameter. " +
		"The response to a body that is not JSON has status 400, and the response to input that violates a rule 422.\n\n" +
		"**Language**: texts are in " + languageNames("or") + ", selected by `Accept-Language`.\n\n" +
		"**Pages**: send the `nextCursor` of a page as the `cursor` of the next one, with the same parameters; the last page has none.\n\n" +
		"**Times** are RFC 3339 in UTC."
	config.Info.License = &huma.License{Name: "Apache License 2.0", Identifier: "Apache-2.0"}
	config.Servers = []*huma.Server{{URL: "/", Description: "The server that returned this document."}}
	config.Tags = []*huma.Tag{
		{Name: "agreements", Description: "Licence agreements and their agreement pairs."},
		{Name: "groups", Description: "License groups, which organise agreements."},
		{Name: "catalog", Description: "Publishers and their product titles: lookups while typing, adding, and merging."},
		{Name: "inventory", Description: "Software found on PCs: inventory files, how their titles are counted, and why."},
		{Name: "imports", Description: "CSV files of agreement pairs: uploads and results."},
		{Name: "refreshes", Description: "Refreshes of the entitlements of agreement pairs: at night, on demand, and after changes."},
		{Name: "statements", Description: "Files with the entitlements of the organisation: uploads and results."},
		{Name: "audit", Description: "Who changed what, when."},
		{Name: "callers", Description: "The names of persons and programs that change something or sign in."},
		{Name: "reports", Description: "Purchased and installed software: now, on a day, and compared; as JSON, CSV, XLSX and a printable page."},
		{Name: "position", Description: "Manual adjustments of the licences of products."},
		{Name: "subscriptions", Description: "Subscriptions: their licences for users, purchases and renewals."},
		{Name: "users", Description: "Users and their licences."},
		{Name: "devices", Description: "Devices, and whether licences have effect on them."},
		{Name: "device-groups", Description: "Groups of devices and their members."},
		{Name: "license-assignments", Description: "Assigning licences to many users."},
		{Name: "license-removals", Description: "Removing licences of many users."},
		{Name: "conflicts", Description: "Subscriptions with too few licences, or that have expired."},
		{Name: "microsoft-graph", Description: "The façade of Microsoft Graph under /v1.0: users, their licences, subscriptions and groups of devices in the formats of Microsoft Graph, for its clients. Errors and query parameters are those of Microsoft Graph, too."},
		{Name: "reminders", Description: "What ends soon, and refreshes that fail."},
		{Name: "reminder-feed", Description: "The caller's calendar feed of reminders."},
		{Name: "feeds", Description: "Calendar feeds, at addresses that are secret."},
		{Name: "overview", Description: "The totals of the licence position."},
		{Name: "openapi", Description: "This document."},
	}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		securityScheme: {
			Type:         "http",
			Scheme:       "bearer",
			BearerFormat: "JWT",
			Description:  "An access token of the organisation's identity provider, or of the user pool. Its app roles or groups stand for the roles.",
		},
	}
	config.Components.Parameters = map[string]*huma.Param{
		languageParameter: {
			Name:        "Accept-Language",
			In:          "header",
			Description: "The reader's languages; " + languageTags("and") + " are supported, and " + string(i18n.English) + " is the default.",
			Schema:      &huma.Schema{Type: huma.TypeString},
			Example:     "nl, en;q=0.5",
		},
	}
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil // they would add links to schemas that are not served
	// "json" is the suffix after the plus of application/problem+json.
	config.Formats = map[string]huma.Format{"application/json": strictJSON(maxValues), "json": strictJSON(maxValues)}
	config.RejectUnknownQueryParameters = true
	return config
}

// operation returns the parts that every operation has, from its route.
func operation(r route.Route) huma.Operation {
	tag, _, _ := strings.Cut(strings.Split(r.Path, "/")[1], ".")
	op := huma.Operation{
		OperationID: r.Operation,
		Method:      r.Method,
		Path:        r.Path,
		Tags:        []string{tag},
		Metadata:    map[string]any{permissionKey: r.Permission},
		Security:    []map[string][]string{},
		Parameters:  []*huma.Param{{Ref: "#/components/parameters/" + languageParameter}},
		Errors:      []int{http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
		Extensions:  map[string]any{"x-permission": r.Permission},
	}
	if r.Permission != access.Anyone {
		op.Security = []map[string][]string{{securityScheme: {}}}
		op.Errors = append(op.Errors, http.StatusUnauthorized, http.StatusForbidden)
	}
	return op
}

// examples is one problem for each status.
var examples = map[int]*errs.Error{
	http.StatusBadRequest:   errs.New(errs.Invalid, "json_malformed", "offset", "17"),
	http.StatusUnauthorized: errs.New(errs.Unauthenticated, "unauthenticated"),
	http.StatusForbidden:    errs.New(errs.Denied, "permission_denied", "roles", "global-admin, billing-admin"),
	http.StatusNotFound:     errs.New(errs.NotFound, "import_not_found"),
	http.StatusConflict: {Kind: errs.Conflict, Code: "taken", Violations: []errs.Violation{
		{Code: "name_taken", Field: "name", Value: "Office agreements", Args: errs.Pairs("agreement", "Office agreements")},
	}},
	http.StatusPreconditionFailed:    errs.New(errs.Stale, "version_stale"),
	http.StatusPreconditionRequired:  errs.New(errs.Unconditional, "if_match_required"),
	http.StatusRequestEntityTooLarge: errs.New(errs.TooLarge, "body_too_large", "max", strconv.Itoa(MaxBody)),
	http.StatusUnsupportedMediaType:  errs.New(errs.Invalid, "media_type_unsupported"),
	http.StatusUnprocessableEntity: {Kind: errs.Invalid, Code: "invalid_input", Violations: []errs.Violation{
		{Code: "number_max", Field: ParameterField + "limit", Value: "500", Args: errs.Pairs("max", "200")},
	}},
	http.StatusInternalServerError: errs.New(errs.Fault, "internal_error"),
	http.StatusServiceUnavailable:  errs.New(errs.Unavailable, "try_again"),
}

// exampleOf returns the example of a problem with a status.
func exampleOf(status int) *Problem {
	p := expected(i18n.English, "JKJaXmPLvHcESHA=", examples[status])
	p.Status, p.Title = status, http.StatusText(status)
	return p
}

// describeProblems adds headers and an example to the error responses of every operation.
func describeProblems(document *huma.OpenAPI) {
	header := func(description, example string) *huma.Param {
		return &huma.Param{Description: description, Schema: &huma.Schema{Type: huma.TypeString}, Example: example}
	}
	for _, item := range document.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op == nil {
				continue
			}
			for status := range examples {
				response := op.Responses[strconv.Itoa(status)]
				if response == nil {
					continue
				}
				response.Content[problemType].Example = exampleOf(status)
				response.Headers = map[string]*huma.Param{"Content-Language": header("The language of the texts.", "en")}
				switch status {
				case http.StatusUnauthorized:
					response.Description = "No valid token. The gateway returns this response, in its own format, before the API is called."
					response.Content["application/json"] = &huma.MediaType{
						Schema:  &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{"message": {Type: huma.TypeString}}},
						Example: map[string]string{"message": "Unauthorized"},
					}
					response.Headers["WWW-Authenticate"] = header("How to authenticate.", "Bearer")
				case http.StatusServiceUnavailable:
					response.Headers["Retry-After"] = header("The number of seconds to wait before a retry.", retryAfter)
				}
			}
		}
	}
}

// NotModified adds the 304 response to a conditional read.
func NotModified(op *huma.Operation) {
	op.Responses = map[string]*huma.Response{"304": {Description: "The caller's copy, named by If-None-Match, is current."}}
}
