package product

// PublisherName returns the dictionary's name of a publisher, by any of its spellings and also for
// a longer name: "Adobe" for "Adobe Systems Incorporated". It is empty if the publisher is not
// known.
func (d *Dictionary) PublisherName(spelled string) string {
	i := d.publisher(spelled)
	if i < 0 {
		return ""
	}
	return d.Publishers[i].Name
}
