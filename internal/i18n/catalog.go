package i18n

// catalogMessages are about the catalog of publishers and product titles.
var catalogMessages = map[string]message{
	"publisher_exists": {
		"This name is that of the publisher {publisher} already, whose id is {id}. Use that one.",
		"Deze naam is al die van de uitgever {publisher}, met id {id}. Gebruik die.",
		"Ce nom est déjà celui de l'éditeur {publisher}, dont l'id est {id}. Utilisez celui-ci.",
	},
	"title_exists": {
		"This name is that of the product title {title} already, whose id is {id}. Use that one.",
		"Deze naam is al die van de producttitel {title}, met id {id}. Gebruik die.",
		"Ce nom est déjà celui du titre de produit {title}, dont l'id est {id}. Utilisez celui-ci.",
	},
	"publisher_not_found": {
		"There is no such publisher in the catalog.",
		"Deze uitgever staat niet in de catalogus.",
		"Cet éditeur n'est pas dans le catalogue.",
	},
	"title_not_found": {
		"The publisher has no such product title in the catalog.",
		"De uitgever heeft deze producttitel niet in de catalogus.",
		"L'éditeur n'a pas ce titre de produit dans le catalogue.",
	},
	"merge_same": {
		"Both are {name}. Choose two different ones to merge.",
		"Beide zijn {name}. Kies twee verschillende om samen te voegen.",
		"Les deux sont {name}. Choisissez-en deux différents à fusionner.",
	},
	"aliases_too_many": {
		"A publisher takes at most {max} aliases in one request.",
		"Een uitgever krijgt hoogstens {max} aliassen in één verzoek.",
		"Un éditeur accepte {max} alias au plus en une requête.",
	},

	// About a file for the catalog.
	"feed_too_large": {
		"The file is larger than {max} MiB. Split it into smaller files.",
		"Het bestand is groter dan {max} MiB. Splits het in kleinere bestanden.",
		"Le fichier dépasse {max} Mio. Divisez-le en fichiers plus petits.",
	},
	"feed_too_many_rows": {
		"The file has {count} rows, and at most {max} are allowed. Split it into smaller files.",
		"Het bestand bevat {count} rijen, en hoogstens {max} zijn toegestaan. Splits het in kleinere bestanden.",
		"Le fichier contient {count} lignes, et {max} au plus sont autorisées. Divisez-le en fichiers plus petits.",
	},
	"feed_empty": {
		"The file has no rows. Put a publisher and a product title on each line.",
		"Het bestand bevat geen rijen. Zet op elke regel een uitgever en een producttitel.",
		"Le fichier ne contient aucune ligne. Mettez un éditeur et un titre de produit par ligne.",
	},
	"feed_columns": {
		"A line has a publisher and a product title. This one has {count} columns; name the columns in a header if there are others.",
		"Een regel bevat een uitgever en een producttitel. Deze heeft {count} kolommen; geef de kolommen namen in een kopregel als er andere zijn.",
		"Une ligne comporte un éditeur et un titre de produit. Celle-ci a {count} colonnes ; nommez les colonnes dans un en-tête s'il y en a d'autres.",
	},
}
