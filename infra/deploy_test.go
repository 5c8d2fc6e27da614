//go:build !cdk

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// deploy runs deploy.sh and returns its output, its exit status and the arguments of cdk.
func (o operator) deploy(mode string, options ...string) (string, int, []string) {
	o.t.Helper()
	out, status := o.script([]string{"FAKE_CONTEXT=" + filepath.Join(o.root, "cdk.context.json")}, "deploy.sh", append([]string{mode, "cdk"}, options...)...)
	commands := o.account().Commands
	if len(commands) == 0 {
		return out, status, nil
	}
	return out, status, commands[len(commands)-1]
}

// TestR16_1_DeploymentKeepsWhatTheStackHas checks that a deployment changes only the context values
// that it gives, and never switches protection off unless it gives that.
func TestR16_1_DeploymentKeepsWhatTheStackHas(t *testing.T) {
	t.Parallel()
	const roles = `{"global-admin":["Licence admins","a'b \"c\" $(d)"]}`
	everything := map[string]string{
		"alarmEmail": "stack@example.org", "protected": "true", "refreshTimeZone": "Europe/Brussels", "signInRoles": roles, "stackName": "", "expiringDays": "",
	}
	for name, test := range map[string]struct {
		file    string
		stack   func(*account)
		options []string
		want    []string // arguments after the options
		says    string
	}{
		"nothing given": {
			file: `{}`, want: []string{"-c", "alarmEmail=stack@example.org", "-c", "protected=true", "-c", "refreshTimeZone=Europe/Brussels", "-c", "signInRoles=" + roles},
			says: "keeps refreshTimeZone=Europe/Brussels of the stack trueup",
		},
		"the file comes first": {
			file: `{"alarmEmail": "ops@example.org", "protected": false, "signInRoles": ""}`, want: []string{"-c", "refreshTimeZone=Europe/Brussels"},
		},
		"options come first": {
			file: `{}`, options: []string{"-c", "alarmEmail=", "--context", "protected=false", "--context=refreshTimeZone=UTC", "-csignInRoles="},
			says: "the stack trueup is not protected",
		},
		"options with = come first": {
			file: `{}`, options: []string{"-c=alarmEmail=", "-c=protected=false", "-c=refreshTimeZone=UTC", "-c=signInRoles="},
			says: "the stack trueup is not protected",
		},
		"no stack": {
			file: `{}`, stack: func(a *account) { a.Name = "" }, says: "the stack trueup is not protected",
		},
		"a failed first deployment": {
			file: `{}`, stack: func(a *account) { a.Status = "ROLLBACK_COMPLETE" },
		},
		"another stack by option": {
			file: `{}`, options: []string{"-c", "stackName=trueup-test"}, says: "the stack trueup-test is not protected",
		},
		"another stack by file": {
			file: `{"stackName": "trueup-test"}`, stack: func(a *account) { a.Name = "trueup-test" },
			want: []string{"-c", "alarmEmail=stack@example.org", "-c", "protected=true", "-c", "refreshTimeZone=Europe/Brussels", "-c", "signInRoles=" + roles},
		},
		"a protected stack of an earlier version": {
			file: `{}`, stack: func(a *account) { a.Context = nil }, want: []string{"-c", "protected=true"}, says: "keeps protected=true",
		},
		"a stack of an earlier version without protection": {
			file: `{}`, stack: func(a *account) { a.Context, a.Protection = nil, false }, says: "not protected",
		},
		"protection on by hand": {
			file: `{}`, stack: func(a *account) { a.Context = map[string]string{"protected": ""} }, want: []string{"-c", "protected=true"},
		},
		"protection off by hand": {
			file: `{}`, stack: func(a *account) { a.Protection, a.Context = false, map[string]string{"protected": "true"} }, want: []string{"-c", "protected=true"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, mode := range []string{"deploy", "diff"} {
				o := newOperator(t)
				o.write("cdk.context.json", test.file)
				o.change(func(a *account) {
					a.Context, a.Concurrency = everything, nil
					a.Tables[""] = a.Tables[own]
					if test.stack != nil {
						test.stack(a)
					}
				})
				out, status, got := o.deploy(mode, test.options...)
				if diff := cmp.Diff(append(append([]string{mode}, test.options...), test.want...), got); diff != "" || status != 0 {
					t.Errorf("%s: %d, -want +got\n%s\n%s", mode, status, diff, out)
				}
				if mode == "deploy" && !strings.Contains(out, test.says) {
					t.Errorf("it does not say %q:\n%s", test.says, out)
				}
				if reminded := strings.Contains(out, "not protected"); reminded != (mode == "deploy" && !slices.Contains(got, "protected=true")) {
					t.Errorf("%s: reminded %v\n%s", mode, reminded, out)
				}
			}
		})
	}
}

// TestR16_1_EmptyValuesAreNotGuessed checks that an empty value is an error: it is a variable that the
// caller forgot to set, and without it another stack or account would be deployed.
func TestR16_1_EmptyValuesAreNotGuessed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options []string
		want    string
	}{
		"a context value":            {[]string{"-c", ""}, "the argument after -c is empty"},
		"a context value, long":      {[]string{"--context", ""}, "the argument after --context is empty"},
		"a context value with =":     {[]string{"--context="}, "give name=value"},
		"a context value with -c=":   {[]string{"-c="}, "give name=value"},
		"a context value's name":     {[]string{"-c", "=x"}, "give name=value"},
		"a name alone":               {[]string{"-c", "stackName"}, "the context value is 'stackName'; give name=value"},
		"a stack":                    {[]string{"-c", "stackName="}, "stackName is empty; give the name of the stack"},
		"a stack with =":             {[]string{"--context=stackName="}, "stackName is empty"},
		"a stack with -c=":           {[]string{"-c=stackName="}, "stackName is empty"},
		"a stack with -c":            {[]string{"-cstackName="}, "stackName is empty"},
		"a stack before its name":    {[]string{"-c", "stackName=", "-c", "stackName=trueup-test"}, "stackName is empty"},
		"a profile":                  {[]string{"--profile", ""}, "the argument after --profile is empty"},
		"a profile with =":           {[]string{"--profile="}, "the value of --profile is empty"},
		"a profile at the end":       {[]string{"-c", "alarmEmail=", "--profile"}, "--profile has no value"},
		"a context value at the end": {[]string{"-c"}, "-c has no value"},
		"another option":             {[]string{"--require-approval", ""}, "the argument after --require-approval is empty"},
		"another option with =":      {[]string{"--require-approval="}, "the value of --require-approval is empty"},
		"an argument after a value":  {[]string{"-c", "alarmEmail=", ""}, "the argument after the value of -c is empty"},
		"an argument alone":          {[]string{""}, "the argument after deploy is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOperator(t)
			if out, status, got := o.deploy("deploy", c.options...); status != 1 || got != nil || !strings.Contains(out, c.want) {
				t.Errorf("%d, %v, want %q in:\n%s", status, got, c.want, out)
			}
		})
	}
	o := newOperator(t)
	if out, status, got := o.deploy(""); status != 1 || got != nil || !strings.Contains(out, "give deploy or diff") {
		t.Errorf("no mode: %d, %v\n%s", status, got, out)
	}
	if out, status := o.script(nil, "deploy.sh", "deploy", ""); status != 1 || !strings.Contains(out, "give the cdk command") {
		t.Errorf("no command: %d\n%s", status, out)
	}
	o.change(func(a *account) {
		a.Concurrency = nil
		a.Tables[""] = a.Tables[own]
	})
	options := []string{"--tags=owner=", "--parameters", "Key="} // whole values
	if out, status, got := o.deploy("deploy", options...); status != 0 || len(got) < len(options)+1 || !slices.Equal(got[1:len(options)+1], options) {
		t.Errorf("values that end in =: %d, %v\n%s", status, got, out)
	}
}

func TestR16_1_DeploymentThatCannotTell(t *testing.T) {
	t.Parallel()
	for call := range 2 {
		o := newOperator(t)
		o.change(func(a *account) { a.Fail = call + 1 })
		if out, status, got := o.deploy("deploy"); status != 1 || got != nil || !strings.Contains(out, "Rate exceeded") || !strings.Contains(out, "the stack trueup") {
			t.Errorf("call %d: %d, %v\n%s", call, status, got, out)
		}
	}
	o := newOperator(t)
	o.write("cdk.context.json", `{"alarmEmail": `)
	if out, status, got := o.deploy("deploy"); status != 1 || got != nil || !strings.Contains(out, "cdk.context.json is not JSON") {
		t.Errorf("%d, %v\n%s", status, got, out)
	}
	o.write("cdk.context.json", `{}`)
	o.change(func(a *account) { a.Damaged, a.Concurrency = true, nil })
	if out, status, _ := o.deploy("deploy"); status != 254 || strings.Contains(out, "not protected") {
		t.Errorf("a deployment that fails: %d\n%s", status, out)
	}
}

// TestR16_2_RestoreChoosesTheStack checks which stack a restoration acts on, and that it keeps the
// context values of that stack, whatever cdk.context.json has.
func TestR16_2_RestoreChoosesTheStack(t *testing.T) {
	t.Parallel()
	const target = "trueup-test-20261121T090000Z"
	test := func(a *account) {
		a.Name, a.Others = "trueup-test", []string{"trueup"}
		a.Context = map[string]string{"stackName": "trueup-test", "refreshTimeZone": "Europe/Brussels", "reservedConcurrency": "true", "alarmEmail": ""}
		a.Concurrency = map[string]*int{"trueup-test-refresh": new(0)}
	}
	for name, c := range map[string]struct {
		file      string
		change    func(*account)
		arguments []string
		refused   string
		filed     string // the file afterwards, if it changes
	}{
		"by argument, beside production": {file: `{"alarmEmail":"ops@example.org"}`, change: test, arguments: []string{"--stack", "trueup-test"}},
		"by file":                        {file: `{"stackName":"trueup-test"}`, change: test, filed: `{"stackName":"trueup-test","table":"` + target + `"}`},
		"the only one": {file: `{}`, change: func(a *account) {
			test(a)
			a.Others = nil
		}},
		"one of two": {file: `{}`, change: test, refused: "it is unclear which stack is meant: give --stack with one of trueup trueup-test"},
		"none":       {file: `{}`, change: func(a *account) { a.Name = "" }, refused: "this account has no stack of trueup in this region"},
		"the file of another stack, and no record": {
			file: `{"alarmEmail":"ops@example.org"}`, arguments: []string{"--stack=trueup-test"}, refused: "cdk.context.json belongs to the stack trueup:",
			change: func(a *account) {
				test(a)
				a.Context = nil
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOperator(t)
			o.write("cdk.context.json", c.file)
			o.change(c.change)
			before := o.account()
			out, status := o.run(append(c.arguments, point)...)
			after := o.account()
			if c.refused != "" {
				if diff := cmp.Diff(before.Concurrency, after.Concurrency); status != 1 || !strings.Contains(out, c.refused) || after.Deployments != 0 || len(after.Tables) != 1 || diff != "" {
					t.Errorf("%d, %s\n%s", status, diff, out)
				}
				return
			}
			if status != 0 || after.Stack != target {
				t.Fatalf("%d, the stack uses %s:\n%s", status, after.Stack, out)
			}
			want := map[string]string{
				"stackName": "trueup-test", "refreshTimeZone": "Europe/Brussels", "reservedConcurrency": "true", "alarmEmail": "", "table": target, "protected": "true",
			}
			if diff := cmp.Diff(want, after.Context); diff != "" {
				t.Errorf("the stack is deployed with (-want +got)\n%s", diff)
			}
			// An earlier run left the refresh stopped: it has what the stack reserves.
			if diff := cmp.Diff(map[string]*int{"trueup-test-refresh": new(4)}, after.Concurrency); diff != "" {
				t.Errorf("concurrency (-want +got)\n%s", diff)
			}
			if c.filed == "" {
				c.filed = c.file
			}
			if diff := cmp.Diff(compact(t, c.filed), compact(t, o.read("cdk.context.json"))); diff != "" {
				t.Errorf("cdk.context.json (-want +got)\n%s", diff)
			}
		})
	}
}

func (o operator) read(name string) string {
	o.t.Helper()
	data, err := os.ReadFile(filepath.Join(o.root, name))
	if err != nil {
		o.t.Fatal(err)
	}
	return string(data)
}

func compact(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Compact(&out, []byte(text)); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
