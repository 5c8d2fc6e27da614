package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
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
// compares: types with fields of a table are in aws/dynamo and below it, each type that is an item is
// in a test there, and a package with stored types calls golden.Shape. Without it, renaming a field
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
			case tags != nil && !under(f.Dir, "internal/aws/dynamo"):
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

// writesJSON lists the files outside stored.go that may write JSON in the packages that store
// objects, and why.
var writesJSON = map[string]string{
	"internal/refresher/answer.go": "only a hash of it is stored; a test compares the hash and the shape",
	"internal/register/page.go":    "cursors, which are not stored",
	"internal/report/snapshot.go":  "types of stored.go, and the responses of the API",
	"internal/snapshot/library.go": "only a hash of it is used",
}

// storedIsWritten requires that a package that stores objects writes JSON in stored.go only, where
// storedHasShape finds its types: elsewhere a type of the domain could be stored unnoticed.
func storedIsWritten(tree *Tree) (violations []string) {
	var folders []string
	for _, l := range layers {
		if slices.Contains([]string{"domain", "mechanisms", "read models", "use cases"}, l.name) {
			folders = append(folders, l.folders...)
		}
	}
	for _, f := range tree.Files {
		if f.Test || !underAny(f.Dir, append(folders, "internal/intake")...) || path.Base(f.Path) == "stored.go" || writesJSON[f.Path] != "" {
			continue
		}
		f.uses("encoding/json", func(name string, at token.Pos) {
			if slices.Contains([]string{"Marshal", "MarshalIndent", "NewEncoder"}, name) {
				violations = append(violations, fmt.Sprintf("%s: json.%s; write it in stored.go, from a stored type with a shape", f.at(at), name))
			}
		})
	}
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
