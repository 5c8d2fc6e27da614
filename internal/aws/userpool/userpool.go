// Package userpool asks a user pool of Amazon Cognito about people who are not there.
package userpool

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"trueup/internal/delivery"
)

// Pool is one user pool.
type Pool struct {
	client *cognitoidentityprovider.Client
	id     string
}

var _ delivery.Pool = (*Pool)(nil)

// Of returns the pool with that id.
func Of(c aws.Config, id string) delivery.Pool {
	return New(cognitoidentityprovider.NewFromConfig(c), id)
}

// New returns the pool with that id.
func New(client *cognitoidentityprovider.Client, id string) *Pool { return &Pool{client, id} }

// escapes are characters that end the value of a filter.
var escapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// named returns the name of the user with a subject; nil if there is none. A page can be empty and still have a next
// one.
func (p *Pool) named(ctx context.Context, subject string) (*string, error) {
	pages := cognitoidentityprovider.NewListUsersPaginator(p.client, &cognitoidentityprovider.ListUsersInput{
		UserPoolId: &p.id, Filter: aws.String(`sub = "` + escapes.Replace(subject) + `"`), Limit: aws.Int32(1), AttributesToGet: []string{"sub"},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("userpool: list users: %w", err)
		}
		if len(page.Users) > 0 {
			return page.Users[0].Username, nil
		}
	}
	return nil, nil //nolint:nilnil // no user
}

// Groups implements delivery.Pool. A person of another identity provider has a user name that is not the subject,
// so the name is looked up first. The list of users trails changes by a moment, so the user itself says whether it
// is enabled.
func (p *Pool) Groups(ctx context.Context, subject string) (groups []string, found bool, err error) {
	name, err := p.named(ctx, subject)
	if err != nil || name == nil {
		return nil, false, err
	}
	user, err := p.client.AdminGetUser(ctx, &cognitoidentityprovider.AdminGetUserInput{UserPoolId: &p.id, Username: name})
	if _, gone := errors.AsType[*types.UserNotFoundException](err); gone {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("userpool: get user: %w", err)
	}
	if !user.Enabled {
		return nil, false, nil
	}
	pages := cognitoidentityprovider.NewAdminListGroupsForUserPaginator(p.client, &cognitoidentityprovider.AdminListGroupsForUserInput{UserPoolId: &p.id, Username: name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if _, gone := errors.AsType[*types.UserNotFoundException](err); gone {
			return nil, false, nil
		}
		if err != nil {
			return nil, false, fmt.Errorf("userpool: list groups: %w", err)
		}
		for _, g := range page.Groups {
			groups = append(groups, aws.ToString(g.GroupName))
		}
	}
	return groups, true, nil
}
