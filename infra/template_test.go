//go:build cdk

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// template is a synthesised template in which intrinsic functions are replaced by text:
// a reference is "${Id}", an attribute "${Id.Arn}".
type template struct {
	Resources map[string]*resource
	Outputs   map[string]struct{ Value string }
}

type resource struct {
	ID                  string
	Type                string
	Properties          map[string]any
	Metadata            map[string]any
	DependsOn           []string
	DeletionPolicy      string
	UpdateReplacePolicy string
}

func parseTemplate(t *testing.T, source []byte) template {
	t.Helper()
	var raw any
	if err := json.Unmarshal(source, &raw); err != nil {
		t.Fatal(err)
	}
	plain, err := json.Marshal(written(raw))
	if err != nil {
		t.Fatal(err)
	}
	var parsed template
	if err := json.Unmarshal(plain, &parsed); err != nil {
		t.Fatal(err)
	}
	for id, r := range parsed.Resources {
		r.ID = id
	}
	return parsed
}

// written replaces the intrinsic functions in v by text.
func written(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = written(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = written(v[key])
		}
		if len(v) == 1 {
			if ref, ok := v["Ref"].(string); ok {
				return "${" + ref + "}"
			}
			if sub, ok := v["Fn::Sub"].(string); ok {
				return sub
			}
			if attribute, ok := v["Fn::GetAtt"].([]any); ok {
				return fmt.Sprintf("${%s.%s}", attribute...)
			}
			if join, ok := v["Fn::Join"].([]any); ok {
				var parts []string
				for _, part := range join[1].([]any) {
					parts = append(parts, part.(string))
				}
				return strings.Join(parts, join[0].(string))
			}
		}
	}
	return v
}

// of returns the resources of a type, by id.
func (t template) of(kind string) []*resource {
	var found []*resource
	for _, id := range slices.Sorted(maps.Keys(t.Resources)) {
		if t.Resources[id].Type == kind {
			found = append(found, t.Resources[id])
		}
	}
	return found
}

// where returns the resources of a type that have a property with the given text.
func (t template) where(kind, property, text string) []*resource {
	var found []*resource
	for _, r := range t.of(kind) {
		if r.text(property) == text {
			found = append(found, r)
		}
	}
	return found
}

// one returns the only resource of a type, or an empty resource.
func (t template) one(kind string) *resource {
	if found := t.of(kind); len(found) == 1 {
		return found[0]
	}
	return &resource{ID: "no single " + kind}
}

// only returns the resource of a type whose id begins with a text, or an empty resource.
func (t template) only(kind, prefix string) *resource {
	found := slices.DeleteFunc(t.of(kind), func(r *resource) bool { return !strings.HasPrefix(r.ID, prefix) })
	if len(found) != 1 {
		return &resource{ID: "no single " + kind + " " + prefix}
	}
	return found[0]
}

// table returns the table of package schema: the one that is not of sessions.
func (t template) table() *resource {
	found := slices.DeleteFunc(t.of("AWS::DynamoDB::Table"), func(r *resource) bool { return r == t.sessions() })
	if len(found) != 1 {
		return &resource{ID: "no single table"}
	}
	return found[0]
}

// sessions returns the table of the console's sessions.
func (t template) sessions() *resource { return t.only("AWS::DynamoDB::Table", "TableOfSessions") }

// alarms returns the topic of the alarms.
func (t template) alarms() *resource { return t.only("AWS::SNS::Topic", "Alarms") }

// notices returns the notification topic.
func (t template) notices() *resource { return t.only("AWS::SNS::Topic", "Notices") }

// client returns a client of the user pool: UsersClient is of scripts, and UsersConsole of the console.
func (t template) client(prefix string) *resource {
	return t.only("AWS::Cognito::UserPoolClient", prefix)
}

// logs returns the log group with a name, or an empty resource.
func (t template) logs(name string) *resource {
	if found := t.where("AWS::Logs::LogGroup", "LogGroupName", name); len(found) == 1 {
		return found[0]
	}
	return &resource{ID: "no log group " + name}
}

// function returns the function with a name of the manifest, or an empty resource.
func (t template) function(name string) *resource { return t.named("trueup", name) }

// named returns a function of a stack with another name.
func (t template) named(stack, name string) *resource {
	if found := t.where("AWS::Lambda::Function", "FunctionName", stack+"-"+name); len(found) == 1 {
		return found[0]
	}
	return &resource{ID: "no function " + name}
}

// letters returns the dead-letter queue: the queue that has none itself.
func (t template) letters() *resource {
	if found := t.where("AWS::SQS::Queue", "RedrivePolicy", ""); len(found) == 1 {
		return found[0]
	}
	return &resource{ID: "no single dead-letter queue"}
}

// files returns the queue of files of a function, or an empty resource.
func (t template) files(function string) *resource {
	for _, queue := range t.of("AWS::SQS::Queue") {
		if strings.HasPrefix(queue.ID, id(function, "Files")) {
			return queue
		}
	}
	return &resource{ID: "no queue of " + function}
}

// get follows a path such as "Code.S3Key" or "Rules.0.Id" in the properties.
func (r *resource) get(path string) any {
	var v any = r.Properties
	for key := range strings.SplitSeq(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[key]
		case []any:
			var i int
			if _, err := fmt.Sscan(key, &i); err != nil || i >= len(at) {
				return nil
			}
			v = at[i]
		default:
			return nil
		}
	}
	return v
}

// text returns the value at a path as text; "" if there is none.
func (r *resource) text(path string) string {
	v := r.get(path)
	if v == nil {
		return ""
	}
	if _, ok := v.(string); !ok {
		compact, err := json.Marshal(v)
		if err != nil {
			return err.Error()
		}
		return string(compact)
	}
	return v.(string)
}

// list returns the value at a path as a list of texts; a single text is a list of one.
func (r *resource) list(path string) []string { return texts(r.get(path)) }

func texts(v any) []string {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		var list []string
		for _, item := range v {
			list = append(list, fmt.Sprint(item))
		}
		return list
	}
	return []string{fmt.Sprint(v)}
}

// statement is a policy statement.
type statement struct {
	Effect    string
	Actions   []string
	Resources []string
	Principal string // only in a resource policy
	Condition string // JSON; empty for none
}

// statements reads a policy document.
func (r *resource) statements(path string) []statement {
	list, ok := r.get(path + ".Statement").([]any)
	if !ok {
		return nil
	}
	var read []statement
	for i := range list {
		at := fmt.Sprintf("%s.Statement.%d.", path, i)
		s := statement{
			Effect:    r.text(at + "Effect"),
			Actions:   r.list(at + "Action"),
			Resources: r.list(at + "Resource"),
			Principal: r.text(at + "Principal"),
			Condition: r.text(at + "Condition"),
		}
		slices.Sort(s.Actions)
		slices.Sort(s.Resources)
		read = append(read, s)
	}
	return read
}
