package agreement

// Position returns where the file has a column, counting from 1; 0 when it has
// none. It is for findings that come from outside, such as a name that is taken.
func (f *File) Position(c Column) int { return f.layout.position(c) }
