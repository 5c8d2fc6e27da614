package archtest

import (
	"fmt"
	"go/ast"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// itemTag marks a field that is stored in the table.
const itemTag = "dynamodbav"

// keyType is the type that items may embed for their key.
const keyType = "itemKey"

// storedHasShape requires that data that is stored has types of its own, whose shape a test
// compares: types with fields of the table are in aws/dynamo, each type that is an item is in
// a test there, and a package with stored types calls golden.Shape. Without it, renaming a field
// of Go could change stored data while all tests pass.
func storedHasShape(tree *Tree) (violations []string) {
	tested := map[string][]string{} // identifiers in the tests that call golden.Shape, by folder
	for _, f := range tree.Files {
		if f.Test {
			tested[f.Dir] = append(tested[f.Dir], identifiers(f)...)
		}
	}
	for _, f := range tree.Files {
		if f.Test || !under(f.Dir, "internal") || under(f.Dir, "internal/testkit") {
			continue
		}
		for name, fields := range structs(f) {
			where, names := fmt.Sprintf("%s: type %s", f.Path, name), tested[f.Dir]
			tags := tagsOf(fields)
			switch {
			case tags != nil && f.Dir != "internal/aws/dynamo":
				violations = append(violations, where+" has fields of the table outside internal/aws/dynamo")
			case name != keyType && (slices.Contains(tags, "pk") || embeds(fields, keyType)) && !slices.Contains(names, name):
				violations = append(violations, where+" is an item, and no test compares its shape: add it to those that golden.Shape gets")
			case strings.HasPrefix(name, "stored") && path.Base(f.Path) == "stored.go" && !slices.Contains(names, "Shape"):
				violations = append(violations, where+" is stored, and no test of the package calls golden.Shape")
			}
		}
	}
	slices.Sort(violations)
	return violations
}

// identifiers returns the names that a file uses.
func identifiers(f *File) (names []string) {
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			names = append(names, id.Name)
		}
		return true
	})
	return names
}

// structs returns the struct types that a file declares.
func structs(f *File) map[string]*ast.FieldList {
	found := map[string]*ast.FieldList{}
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		if spec, ok := n.(*ast.TypeSpec); ok {
			if s, ok := spec.Type.(*ast.StructType); ok {
				found[spec.Name.Name] = s.Fields
			}
		}
		return true
	})
	return found
}

// embeds reports whether a type of the package is embedded.
func embeds(fields *ast.FieldList, name string) bool {
	return slices.ContainsFunc(fields.List, func(f *ast.Field) bool {
		id, ok := f.Type.(*ast.Ident)
		return ok && f.Names == nil && id.Name == name
	})
}

// tagsOf returns the names that fields have in the table.
func tagsOf(fields *ast.FieldList) (names []string) {
	for _, field := range fields.List {
		if field.Tag == nil {
			continue
		}
		tag, err := strconv.Unquote(field.Tag.Value)
		if err != nil {
			continue
		}
		if name, _, _ := strings.Cut(reflect.StructTag(tag).Get(itemTag), ","); name != "" {
			names = append(names, name)
		}
	}
	return names
}
