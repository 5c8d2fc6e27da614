// Command fakeaws is a fake of the AWS command line (version 2), of make and of cdk for the
// tests of infra/restore.sh and infra/deploy.sh. It implements only the calls of these scripts,
// with the arguments of the real commands, and keeps its state in the file FAKE_STATE.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// State is the state of an account, and the faults to inject.
type State struct {
	Calls       []string // names of the calls so far
	Fail        int      // number of the call that fails, from 1
	After       bool     // the call fails after it takes effect, not before
	Stuck       bool     // all later calls with the same name fail too
	Stack       string   // the table that the stack uses
	Tables      map[string]*Table
	Concurrency map[string]*int // reserved concurrency, by function
	Versions    []map[string]any
	Invoked     []json.RawMessage
	Refused     []string // object keys (encoded) for which the function fails
	Deployments int
	Damaged     bool // the next deployment fails and leaves the stack unchanged

	Name       string            // of the stack; empty if there is none
	Others     []string          // other stacks of trueup, of which the fake knows only the names
	Status     string            // of the stack
	Protection bool              // whether the stack is protected from termination
	Context    map[string]string // what the stack was deployed with; nil if its version did not record that
	Commands   [][]string        // arguments of cdk
}

// Table is a table of the account.
type Table struct {
	Source, Point string
	Left          int // describe calls until the table is restored
	Recoverable   bool
	From, To      string
	TTL           string
	Protected     bool
	Tags          map[string]string
	Items         map[string][]map[string]any // by partition
}

type fault struct{ code, message string }

func (f fault) Error() string { return f.code + ": " + f.message }

func main() {
	path := os.Getenv("FAKE_STATE")
	data, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	var s State
	if err := json.Unmarshal(data, &s); err != nil {
		panic(err)
	}
	call, status := strings.Join(os.Args[1:min(3, len(os.Args))], " "), 0
	name := filepath.Base(os.Args[0])
	if name != "aws" {
		call = name
	}
	if call == "--version" {
		fmt.Println("aws-cli/2.31.0 Python/3.13.7 Linux/6.1 exe/x86_64.debian.12")
		return
	}
	s.Calls = append(s.Calls, call)
	fails := s.Fail == len(s.Calls) || s.Stuck && s.Fail > 0 && s.Fail < len(s.Calls) && s.Calls[s.Fail-1] == call
	var answer any
	if name == "make" { // its own calls have the state
		fails := fails && !s.After
		save(path, s)
		if !fails {
			status = deploy()
		}
		if fails || s.Fail == len(s.Calls) {
			status = 2
		}
		os.Exit(status)
	}
	if !fails || s.After {
		if answer, err = s.do(call, flags(os.Args[1:])); err != nil {
			fmt.Fprintf(os.Stderr, "\nAn error occurred (%s) when calling the operation: %v\n", strings.Split(err.Error(), ":")[0], err)
			status = 254
		}
	}
	if fails {
		fmt.Fprintln(os.Stderr, "\nAn error occurred (ThrottlingException) when calling the operation (reached max retries: 9): Rate exceeded")
		answer, status = nil, 254
	}
	save(path, s)
	if answer != nil {
		out, err := json.MarshalIndent(answer, "", "    ")
		if err != nil {
			panic(err)
		}
		fmt.Println(string(out))
	}
	os.Exit(status)
}

func save(path string, s State) {
	data, err := json.MarshalIndent(s, "", " ")
	if err == nil {
		err = os.WriteFile(path, data, 0o600)
	}
	if err != nil {
		panic(err)
	}
}

// deploy implements make -C DIR deploy KEEP=… DEPLOY_ARGS=…, and returns its status.
func deploy() int {
	var options string
	dir, keep := os.Args[2], ""
	for _, argument := range os.Args[4:] {
		if value, ok := strings.CutPrefix(argument, "KEEP="); ok {
			keep = value
		} else if value, ok := strings.CutPrefix(argument, "DEPLOY_ARGS="); ok {
			options = value
		}
	}
	command := exec.Command("bash", append([]string{filepath.Join(dir, "infra/deploy.sh"), "deploy", "cdk"}, strings.Fields(options)...)...)
	command.Env = append(os.Environ(), "KEEP="+keep, "FAKE_CONTEXT="+filepath.Join(dir, "cdk.context.json"))
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	if err := command.Run(); err != nil {
		return 2
	}
	return 0
}

// flags returns the options of a command; the last other argument is under "".
func flags(arguments []string) map[string]string {
	all := map[string]string{}
	for i := 0; i < len(arguments); i++ {
		name, isFlag := strings.CutPrefix(arguments[i], "--")
		switch {
		case !isFlag:
			all[""] = arguments[i]
		case i+1 < len(arguments) && !strings.HasPrefix(arguments[i+1], "--"):
			i++
			all[name] = arguments[i]
		default:
			all[name] = "true"
		}
	}
	return all
}

type object = map[string]any

const arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/"

func (s *State) table(name string) (*Table, error) {
	if t := s.Tables[name]; t != nil {
		return t, nil
	}
	return nil, fault{"ResourceNotFoundException", "Requested resource not found: Table: " + name + " not found"}
}

func (s *State) do(call string, f map[string]string) (any, error) {
	switch call {
	case "cdk":
		return nil, s.deploy(os.Args[1:])
	case "cloudformation get-template-summary":
		if f["stack-name"] != s.Name {
			return nil, fault{"ValidationError", "Stack with id " + f["stack-name"] + " does not exist"}
		}
		if s.Context == nil {
			return object{"Parameters": []any{}}, nil
		}
		metadata, err := json.Marshal(object{"trueup": object{"context": s.Context}})
		return object{"Parameters": []any{}, "Metadata": string(metadata)}, err
	case "cloudformation describe-stacks":
		if name, one := f["stack-name"]; !one {
			stacks := []any{object{"StackName": "CDKToolkit"}, object{"StackName": "another", "Tags": []any{object{"Key": "application", "Value": "shop"}}}}
			for _, name := range append(slices.Clone(s.Others), s.Name) {
				if name != "" {
					stacks = append(stacks, object{"StackName": name, "Tags": []any{object{"Key": "application", "Value": "trueup"}}})
				}
			}
			return object{"Stacks": stacks}, nil
		} else if name != s.Name {
			return nil, fault{"ValidationError", "Stack with id " + name + " does not exist"}
		}
		output := func(key, value string) object { return object{"OutputKey": key, "OutputValue": value} }
		return object{"Stacks": []any{object{"StackName": s.Name, "StackStatus": s.Status, "EnableTerminationProtection": s.Protection, "Outputs": []any{
			output("ApiUrl", "https://api.example.org"), output("TableName", s.Stack), output("UploadsBucket", "trueup-uploads-an"),
		}}}}, nil
	case "lambda get-function-concurrency":
		if n := s.Concurrency[f["function-name"]]; n != nil {
			return object{"ReservedConcurrentExecutions": *n}, nil
		}
		return nil, nil // the real command prints nothing
	case "lambda put-function-concurrency":
		var n int
		if _, err := fmt.Sscan(f["reserved-concurrent-executions"], &n); err != nil {
			return nil, fault{"ParamValidation", err.Error()}
		}
		s.Concurrency[f["function-name"]] = &n
		return object{"ReservedConcurrentExecutions": n}, nil
	case "lambda delete-function-concurrency":
		delete(s.Concurrency, f["function-name"])
		return nil, nil
	case "lambda invoke":
		return s.invoke(f)
	case "s3api list-object-versions":
		var found []any
		for _, v := range s.Versions {
			if strings.HasPrefix(v["Key"].(string), f["prefix"]) {
				found = append(found, v)
			}
		}
		if found == nil {
			return object{"RequestCharged": nil}, nil
		}
		return object{"Versions": found, "DeleteMarkers": []any{}}, nil
	case "dynamodb list-tags-of-resource":
		t, err := s.table(strings.TrimPrefix(f["resource-arn"], arn))
		if err != nil {
			return nil, err
		}
		tags := []any{}
		for key, value := range t.Tags {
			tags = append(tags, object{"Key": key, "Value": value})
		}
		return object{"Tags": tags}, nil
	case "dynamodb tag-resource":
		t, err := s.table(strings.TrimPrefix(f["resource-arn"], arn))
		if err != nil {
			return nil, err
		}
		var tags []struct{ Key, Value string }
		if err := json.Unmarshal([]byte(f["tags"]), &tags); err != nil {
			return nil, fault{"ParamValidation", err.Error()}
		}
		for _, tag := range tags {
			if strings.HasPrefix(tag.Key, "aws:") {
				return nil, fault{"ValidationException", "aws: prefixed tag key names are not allowed for external use"}
			}
			t.Tags[tag.Key] = tag.Value
		}
		return nil, nil
	case "dynamodb restore-table-to-point-in-time":
		return s.restore(f["source-table-name"], f["target-table-name"], f["restore-date-time"])
	case "dynamodb describe-table", "dynamodb describe-continuous-backups", "dynamodb describe-time-to-live",
		"dynamodb update-table", "dynamodb update-continuous-backups", "dynamodb update-time-to-live", "dynamodb query":
		t, err := s.table(f["table-name"])
		if err != nil {
			return nil, err
		}
		return t.do(call, f)
	}
	return nil, fault{"Unknown", "the fake has no " + call}
}

func (t *Table) do(call string, f map[string]string) (any, error) {
	if t.Left > 0 && call != "dynamodb describe-table" {
		return nil, fault{"ResourceInUseException", "Table is being restored"}
	}
	switch call {
	case "dynamodb describe-table":
		status := "ACTIVE"
		if t.Left > 0 {
			t.Left--
			status = "CREATING"
		}
		table := object{
			"TableName": f["table-name"], "TableStatus": status, "TableArn": arn + f["table-name"], "DeletionProtectionEnabled": t.Protected,
			"GlobalSecondaryIndexes": []any{object{"IndexName": "by-owner", "IndexStatus": status}},
		}
		if t.Source != "" {
			table["RestoreSummary"] = object{
				"SourceTableArn": arn + t.Source, "RestoreDateTime": strings.Replace(t.Point, "Z", "+00:00", 1), "RestoreInProgress": status != "ACTIVE",
			}
		}
		return object{"Table": table}, nil
	case "dynamodb describe-continuous-backups":
		description := object{"PointInTimeRecoveryStatus": "DISABLED"}
		if t.Recoverable {
			description = object{"PointInTimeRecoveryStatus": "ENABLED", "RecoveryPeriodInDays": 35, "EarliestRestorableDateTime": t.From, "LatestRestorableDateTime": t.To}
		}
		return object{"ContinuousBackupsDescription": object{"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": description}}, nil
	case "dynamodb update-continuous-backups":
		if f["point-in-time-recovery-specification"] != "PointInTimeRecoveryEnabled=true" {
			return nil, fault{"ParamValidation", "point-in-time-recovery-specification"}
		}
		t.Recoverable = true
	case "dynamodb describe-time-to-live":
		if t.TTL == "" {
			return object{"TimeToLiveDescription": object{"TimeToLiveStatus": "DISABLED"}}, nil
		}
		return object{"TimeToLiveDescription": object{"TimeToLiveStatus": "ENABLING", "AttributeName": t.TTL}}, nil
	case "dynamodb update-time-to-live":
		attribute, ok := strings.CutPrefix(f["time-to-live-specification"], "Enabled=true,AttributeName=")
		if !ok || t.TTL != "" {
			return nil, fault{"ValidationException", "TimeToLive is already enabled"}
		}
		t.TTL = attribute
	case "dynamodb update-table":
		if f["deletion-protection-enabled"] != "true" {
			return nil, fault{"ParamValidation", "deletion-protection-enabled"}
		}
		t.Protected = true
	case "dynamodb query":
		var values map[string]map[string]string
		if err := json.Unmarshal([]byte(f["expression-attribute-values"]), &values); err != nil {
			return nil, fault{"ParamValidation", err.Error()}
		}
		items := t.Items[values[":p"]["S"]]
		if items == nil {
			items = []map[string]any{}
		}
		return object{"Items": items, "Count": len(items)}, nil
	}
	return object{}, nil
}

func (s *State) restore(source, target, point string) (any, error) {
	from, err := s.table(source)
	if err != nil {
		return nil, err
	}
	switch {
	case s.Tables[target] != nil:
		return nil, fault{"TableAlreadyExistsException", "Table already exists: " + target}
	case point < from.From || point > from.To:
		return nil, fault{"InvalidRestoreTimeException", point}
	}
	s.Tables[target] = &Table{Source: source, Point: point, Left: 3, Tags: map[string]string{}, Items: from.Items, From: from.To, To: from.To}
	return object{"TableDescription": object{"TableName": target, "TableStatus": "CREATING"}}, nil
}

// deploy implements cdk deploy with options -c NAME=VALUE.
func (s *State) deploy(arguments []string) error {
	s.Commands = append(s.Commands, arguments)
	if arguments[0] != "deploy" {
		return nil
	}
	s.Deployments++
	for name, n := range s.Concurrency {
		if *n != 0 {
			return fault{"Deployed", name + " is not stopped"}
		}
	}
	context, file := map[string]string{}, map[string]any{}
	data, err := os.ReadFile(os.Getenv("FAKE_CONTEXT"))
	if err == nil {
		err = json.Unmarshal(data, &file)
	} else if os.IsNotExist(err) {
		err = nil
	}
	if err != nil {
		return fault{"Deployed", err.Error()}
	}
	for name, value := range file {
		context[name] = fmt.Sprint(value)
	}
	for i, argument := range arguments {
		if name, value, ok := strings.Cut(argument, "="); ok && arguments[i-1] == "-c" {
			context[name] = value
		}
	}
	if s.Damaged {
		return fault{"Deployed", "UPDATE_ROLLBACK_COMPLETE"}
	}
	t, err := s.table(context["table"])
	if err != nil {
		return err
	}
	if t.Left > 0 || !t.Recoverable || !t.Protected || t.TTL == "" {
		return fault{"Deployed", fmt.Sprintf("on a table that is not ready: %+v", t)}
	}
	s.Stack, s.Context = context["table"], context
	return nil
}

func (s *State) invoke(f map[string]string) (any, error) {
	var event struct {
		Records []struct {
			S3 struct{ Object struct{ Key string } }
		}
	}
	if err := json.Unmarshal([]byte(f["payload"]), &event); err != nil || f["cli-binary-format"] != "raw-in-base64-out" {
		return nil, fault{"ParamValidation", f["payload"]}
	}
	called, _ := json.Marshal(object{"function": f["function-name"], "event": json.RawMessage(f["payload"])})
	s.Invoked = append(s.Invoked, called)
	if slices.Contains(s.Refused, event.Records[0].S3.Object.Key) {
		return object{"StatusCode": 200, "FunctionError": "Unhandled"}, os.WriteFile(f[""], []byte(`{"errorMessage":"the file is no good"}`), 0o600)
	}
	return object{"StatusCode": 200, "ExecutedVersion": "$LATEST"}, os.WriteFile(f[""], []byte("null"), 0o600)
}
