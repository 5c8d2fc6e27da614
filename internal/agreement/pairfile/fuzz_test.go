package pairfile_test

import (
	"strings"
	"testing"

	"trueup/internal/agreement"
	"trueup/internal/agreement/pairfile"
)

// FuzzRead checks the invariants of every file on arbitrary bytes: see checkFile and
// checkAnnotated.
func FuzzRead(f *testing.F) {
	for name, content := range samples(f) {
		f.Add([]byte(content), "", uint8(0))
		f.Add([]byte(content), string(agreement.ProgramOpenValue), uint8(32))
		f.Add([]byte(strings.ReplaceAll(content, "\n", "\r")), name, uint8(16))
	}
	for _, rule := range rules {
		f.Add([]byte(rule.Pass), "", uint8(0))
		f.Add([]byte(rule.Fail), "", uint8(0))
	}
	f.Fuzz(func(t *testing.T, data []byte, program string, pairMaxChars uint8) {
		o := pairfile.Options{FileName: "a.csv", Program: agreement.Program(program), Limits: agreement.Limits{PairMaxChars: int(pairMaxChars)}}
		file := pairfile.Read(data, o)
		checkFile(t, string(data), file)
		checkAnnotated(t, file, o)
	})
}
