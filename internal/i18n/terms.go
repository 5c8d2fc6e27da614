package i18n

// termMessages say what is wrong with the terms and the details of an agreement
// of type other (R2.6). None quotes details (R2.7).
var termMessages = map[string]message{
	"publisher_required": {
		"Give the publisher.",
		"Geef de uitgever op.",
		"Indiquez l'éditeur.",
	},
	"publisher_too_long": {
		"The publisher has {length} characters. Shorten it to at most {max}.",
		"De uitgever telt {length} tekens. Kort hem in tot hoogstens {max}.",
		"L'éditeur compte {length} caractères. Raccourcissez-le à {max} au plus.",
	},
	"publisher_control": {
		"Remove the invisible characters from the publisher: {characters}",
		"Verwijder de onzichtbare tekens uit de uitgever: {characters}",
		"Retirez les caractères invisibles de l'éditeur : {characters}",
	},
	"title_required": {
		"Give the product title.",
		"Geef de producttitel op.",
		"Indiquez le titre du produit.",
	},
	"title_too_long": {
		"The product title has {length} characters. Shorten it to at most {max}.",
		"De producttitel telt {length} tekens. Kort hem in tot hoogstens {max}.",
		"Le titre du produit compte {length} caractères. Raccourcissez-le à {max} au plus.",
	},
	"title_control": {
		"Remove the invisible characters from the product title: {characters}",
		"Verwijder de onzichtbare tekens uit de producttitel: {characters}",
		"Retirez les caractères invisibles du titre du produit : {characters}",
	},
	"licenses_required": {
		"Give the number of licenses.",
		"Geef het aantal licenties op.",
		"Indiquez le nombre de licences.",
	},
	"licenses_range": {
		"The number of licenses must be a whole number from 1 to {max}.",
		"Het aantal licenties moet een geheel getal van 1 tot en met {max} zijn.",
		"Le nombre de licences doit être un nombre entier de 1 à {max}.",
	},
	"date_invalid": {
		"Give a day that exists, such as 2026-11-21.",
		"Geef een bestaande dag op, zoals 2026-11-21.",
		"Indiquez un jour qui existe, comme 2026-11-21.",
	},
	"end_before_start": {
		"The licenses end before they start, on {start}. Correct one of the dates.",
		"De licenties eindigen voordat ze beginnen, op {start}. Corrigeer een van de datums.",
		"Les licences se terminent avant de commencer, le {start}. Corrigez l'une des dates.",
	},
	"details_too_long": {
		"The details have {length} characters. Shorten them to at most {max}.",
		"De details tellen {length} tekens. Kort ze in tot hoogstens {max}.",
		"Les détails comptent {length} caractères. Raccourcissez-les à {max} au plus.",
	},
	"details_control": {
		"Remove the control characters from the details: {characters}",
		"Verwijder de besturingstekens uit de details: {characters}",
		"Retirez les caractères de contrôle des détails : {characters}",
	},
	"terms_of_volume": {
		"A volume agreement does not have this: its products come from entitlements. Leave it out.",
		"Een volumeovereenkomst heeft dit niet: haar producten komen uit de rechten. Laat het weg.",
		"Un accord en volume n'a pas cela : ses produits viennent des droits. Omettez-le.",
	},
	"pairs_of_other": {
		"Only volume agreements have agreement pairs and a program. Leave them out.",
		"Alleen volumeovereenkomsten hebben nummerparen en een programma. Laat ze weg.",
		"Seuls les accords en volume ont des paires de numéros et un programme. Omettez-les.",
	},

	// What has to be there before.
	"publisher_unknown": {
		"The catalog has no publisher {publisher}. Look it up, or add it to the catalog first.",
		"De catalogus kent geen uitgever {publisher}. Zoek hem op of voeg hem eerst aan de catalogus toe.",
		"Le catalogue n'a pas d'éditeur {publisher}. Cherchez-le ou ajoutez-le d'abord au catalogue.",
	},
	"title_unknown": {
		"The catalog has no such product title of {publisher}. Look it up, or add it to the catalog first.",
		"De catalogus kent deze producttitel van {publisher} niet. Zoek hem op of voeg hem eerst aan de catalogus toe.",
		"Le catalogue n'a pas ce titre de produit de {publisher}. Cherchez-le ou ajoutez-le d'abord au catalogue.",
	},
	"inventory_required": {
		"The inventory knows no PC and no software title yet. Upload an inventory file under inventory/ first, or ask for the setting INVENTORY_REQUIRED to be switched off. Volume agreements can be added at any time.",
		"De inventaris kent nog geen pc en geen softwaretitel. Upload eerst een inventarisbestand onder inventory/ of laat de instelling INVENTORY_REQUIRED uitzetten. Volumeovereenkomsten kunnen altijd worden toegevoegd.",
		"L'inventaire ne connaît encore ni PC ni titre de logiciel. Déposez d'abord un fichier d'inventaire sous inventory/ ou faites désactiver le réglage INVENTORY_REQUIRED. Les accords en volume peuvent être ajoutés à tout moment.",
	},
}
