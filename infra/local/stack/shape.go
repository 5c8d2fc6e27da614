package stack

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	engine "trueup/infra/local/aws/dynamodb"
	"trueup/infra/local/aws/gateway"
	"trueup/internal/access"
	"trueup/internal/aws/dynamo/schema"
	"trueup/internal/httpapi/route"
)

// CreateTable creates or updates a table of package schema; see engine.CreateTable.
func CreateTable(ctx context.Context, client *dynamodb.Client, name string) error {
	return engine.CreateTable(ctx, client, name, Schema())
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

// groups returns the names of the user pool groups for roles.
func groups(roles []access.Role) []string {
	names := make([]string, len(roles))
	for i, role := range roles {
		names[i] = string(role)
	}
	return names
}
