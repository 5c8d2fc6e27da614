package stack

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/infra/local/aws/gateway"
	"trueup/infra/local/aws/issuer"
	"trueup/infra/local/aws/s3"
	"trueup/internal/access"
	"trueup/internal/aws/dynamo/schema"
	"trueup/internal/httpapi/route"
	"trueup/internal/manifest"
)

// CreateTable creates or updates a table of package schema; see engine.CreateTable.
func CreateTable(ctx context.Context, client *dynamodb.Client, name string) error {
	return engine.CreateTable(ctx, client, name, Schema())
}

// CreateSessions creates or updates a table of the console's sessions.
func CreateSessions(ctx context.Context, client *dynamodb.Client, name string) error {
	return engine.CreateTable(ctx, client, name, engine.Schema{PK: schema.PK, TTL: schema.TTL})
}

// Schema returns the table of package schema in the type of the engine.
func Schema() engine.Schema {
	s := engine.Schema{PK: schema.PK, SK: schema.SK, TTL: schema.TTL}
	for _, index := range schema.Indexes {
		s.Indexes = append(s.Indexes, engine.Index(index))
	}
	return s
}

// Routes returns the routes of package route in the type of the gateway.
func Routes() []gateway.Route {
	routes := make([]gateway.Route, len(route.Table))
	for i, r := range route.Table {
		routes[i] = gateway.Route{Method: r.Method, Path: r.Path, Function: r.Function, Open: r.Permission == access.Anyone}
	}
	return routes
}

// corsRules returns the CORS rules of the buckets by bucket. The HTTP API serves the console, under
// both names of this machine.
func corsRules(api string) map[string]s3.Rule {
	rules := map[string]s3.Rule{}
	for resource, rule := range manifest.CORS() {
		origins := append(rule.Origins("", api), rule.Origins("", strings.Replace(api, "127.0.0.1", "localhost", 1))...)
		rules[bucketName(resource)] = s3.Rule{Origins: origins, Methods: rule.Methods, Headers: rule.Headers, Expose: rule.Expose}
	}
	return rules
}

// signIns returns the clients of the issuer: the console at the address of the HTTP API.
func signIns(api string) []issuer.Client {
	return []issuer.Client{{ID: issuer.ConsoleClientID, Callbacks: []string{api + "/signed-in"}, Logouts: []string{api + "/"}}}
}

// groups returns the names of the user pool groups for roles.
func groups(roles []access.Role) []string {
	names := make([]string, len(roles))
	for i, role := range roles {
		names[i] = string(role)
	}
	return names
}
