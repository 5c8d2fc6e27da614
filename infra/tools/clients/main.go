// Command clients uses the Go client that oapi-codegen generates from the OpenAPI document. It is
// compiled by make clients, so that a document from which no client can be generated is noticed.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"clients/api"
)

func main() {
	if err := run(context.Background(), os.Getenv("API"), os.Getenv("TOKEN")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run creates a license group and lists the agreements without a group.
func run(ctx context.Context, url, token string) error {
	client, err := api.NewClientWithResponses(url, api.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+token)
		return nil
	}))
	if err != nil {
		return err
	}
	created, err := client.CreateGroupWithResponse(ctx, &api.CreateGroupParams{}, api.CreateGroupJSONRequestBody{Name: "Design"})
	if err != nil {
		return err
	}
	if created.ApplicationproblemJSON422 != nil {
		return fmt.Errorf("the group: %s", created.ApplicationproblemJSON422.Title)
	}
	list, err := client.ListAgreementsWithResponse(ctx, &api.ListAgreementsParams{})
	if err != nil {
		return err
	}
	if list.JSON200 == nil {
		return fmt.Errorf("the agreements: %s", list.Status())
	}
	for _, a := range list.JSON200.Items {
		fmt.Println(a.Name)
	}
	return nil
}
