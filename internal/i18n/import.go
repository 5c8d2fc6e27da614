package i18n

// importMessages say what is wrong with a volume agreement or with a file of
// them: codes of agreement.Rules, and the reasons why a whole file was rejected
// or failed. The messages about a whole file quote only limits, whose
// placeholders begin with "limit".
var importMessages = map[string]message{
	// What a draft must satisfy.
	"name_required": {
		"Give it a name.",
		"Geef een naam op.",
		"Donnez-lui un nom.",
	},
	"name_too_long": {
		"The name has {length} characters. Shorten it to at most {max}.",
		"De naam telt {length} tekens. Kort hem in tot hoogstens {max}.",
		"Le nom compte {length} caractères. Raccourcissez-le à {max} au plus.",
	},
	"name_characters": {
		"Remove these characters from the name: {characters}",
		"Verwijder deze tekens uit de naam: {characters}",
		"Retirez ces caractères du nom : {characters}",
	},
	"name_control": {
		"Remove the invisible characters from the name: {characters}",
		"Verwijder de onzichtbare tekens uit de naam: {characters}",
		"Retirez les caractères invisibles du nom : {characters}",
	},
	"not_ascii": {
		"A CSV file may have only plain (ASCII) characters. Replace these: {characters}",
		"Een CSV-bestand mag alleen gewone tekens (ASCII) bevatten. Vervang deze: {characters}",
		"Un fichier CSV ne peut contenir que des caractères simples (ASCII). Remplacez ceux-ci : {characters}",
	},
	"pairs_required": {
		"Add at least one agreement pair: an authorization number and a license number.",
		"Voeg minstens één nummerpaar toe: een autorisatienummer en een licentienummer.",
		"Ajoutez au moins une paire de numéros : un numéro d'autorisation et un numéro de licence.",
	},
	"number_required": {
		"This number is missing. A pair has both an authorization number and a license number.",
		"Dit nummer ontbreekt. Een paar bestaat uit een autorisatienummer en een licentienummer.",
		"Ce numéro manque. Une paire comporte un numéro d'autorisation et un numéro de licence.",
	},
	"number_characters": {
		"Use only the letters A to Z, digits and hyphens in a number. Remove these: {characters}",
		"Gebruik in een nummer alleen de letters A tot Z, cijfers en streepjes. Verwijder deze: {characters}",
		"N'utilisez dans un numéro que les lettres A à Z, des chiffres et des tirets. Retirez ceux-ci : {characters}",
	},
	"number_only_hyphens": {
		"A number needs at least one letter or digit.",
		"Een nummer heeft minstens één letter of cijfer nodig.",
		"Un numéro doit comporter au moins une lettre ou un chiffre.",
	},
	"pair_too_long": {
		"Both numbers together have {length} characters, and at most {max} are allowed. Check them against the agreement.",
		"Beide nummers samen tellen {length} tekens, en hoogstens {max} zijn toegestaan. Vergelijk ze met de overeenkomst.",
		"Les deux numéros comptent ensemble {length} caractères, et {max} au plus sont autorisés. Comparez-les à l'accord.",
	},
	"numbers_differ": {
		"Under Open Value both numbers are the same. Repeat {authorization}, or choose another program.",
		"Bij Open Value zijn beide nummers gelijk. Herhaal {authorization} of kies een ander programma.",
		"Sous Open Value, les deux numéros sont identiques. Répétez {authorization} ou choisissez un autre programme.",
	},
	"pair_given_twice": {
		"This is the same pair as number {first}. Remove one of them.",
		"Dit is hetzelfde paar als nummer {first}. Verwijder er één.",
		"C'est la même paire que la numéro {first}. Supprimez-en une.",
	},
	"program_unknown": {
		"There is no such program. Use open-value, open, select-enterprise or unknown, or leave it out.",
		"Dit programma bestaat niet. Gebruik open-value, open, select-enterprise of unknown, of laat het weg.",
		"Ce programme n'existe pas. Utilisez open-value, open, select-enterprise ou unknown, ou omettez-le.",
	},

	// What a file must satisfy.
	"file_name_too_long": {
		"The file's name is too long. Shorten it to at most {limitFileName} characters.",
		"De bestandsnaam is te lang. Kort hem in tot hoogstens {limitFileName} tekens.",
		"Le nom du fichier est trop long. Raccourcissez-le à {limitFileName} caractères au plus.",
	},
	"file_name_extension": {
		"The file's name must end in .csv. Save the sheet as CSV.",
		"De bestandsnaam moet eindigen op .csv. Sla het blad op als CSV.",
		"Le nom du fichier doit se terminer par .csv. Enregistrez la feuille au format CSV.",
	},
	"file_name_slash": {
		"Give the file's name without a folder: no / and no \\ in it.",
		"Geef de bestandsnaam zonder map op: geen / en geen \\ erin.",
		"Donnez le nom du fichier sans dossier : ni / ni \\.",
	},
	"file_name_control": {
		"Remove the invisible characters from the file's name.",
		"Verwijder de onzichtbare tekens uit de bestandsnaam.",
		"Retirez les caractères invisibles du nom du fichier.",
	},
	"file_too_large": {
		"The file is larger than {limitFileMiB} MiB. Split it into smaller files.",
		"Het bestand is groter dan {limitFileMiB} MiB. Splits het in kleinere bestanden.",
		"Le fichier dépasse {limitFileMiB} Mio. Divisez-le en fichiers plus petits.",
	},
	"file_empty": {
		"The file has no agreement pairs. Put one pair on each line: two numbers, and a name if you like.",
		"Het bestand bevat geen nummerparen. Zet één paar op elke regel: twee nummers, en eventueel een naam.",
		"Le fichier ne contient aucune paire de numéros. Mettez une paire par ligne : deux numéros et, si vous voulez, un nom.",
	},
	"file_too_many_rows": {
		"The file has more than {limitRows} pairs. Split it into smaller files.",
		"Het bestand bevat meer dan {limitRows} paren. Splits het in kleinere bestanden.",
		"Le fichier contient plus de {limitRows} paires. Divisez-le en fichiers plus petits.",
	},
	"file_utf16": {
		"The file is Unicode text (UTF-16). Save it as CSV, not as Unicode text.",
		"Het bestand is Unicode-tekst (UTF-16). Sla het op als CSV, niet als Unicode-tekst.",
		"Le fichier est un texte Unicode (UTF-16). Enregistrez-le au format CSV, et non en texte Unicode.",
	},
	"file_xlsx": {
		"The file is a workbook. Open it in your spreadsheet program and save the sheet as CSV.",
		"Het bestand is een werkmap. Open het in uw spreadsheetprogramma en sla het blad op als CSV.",
		"Le fichier est un classeur. Ouvrez-le dans votre tableur et enregistrez la feuille au format CSV.",
	},
	"file_xls": {
		"The file is an old or a protected workbook. Open it in your spreadsheet program and save the sheet as CSV.",
		"Het bestand is een oude of beveiligde werkmap. Open het in uw spreadsheetprogramma en sla het blad op als CSV.",
		"Le fichier est un classeur ancien ou protégé. Ouvrez-le dans votre tableur et enregistrez la feuille au format CSV.",
	},
	"file_zip": {
		"The file is a ZIP archive. Unpack it and upload the CSV files in it one by one.",
		"Het bestand is een ZIP-archief. Pak het uit en upload de CSV-bestanden een voor een.",
		"Le fichier est une archive ZIP. Décompressez-la et déposez les fichiers CSV un par un.",
	},
	"file_gzip": {
		"The file is compressed (gzip). Unpack it and upload the CSV file in it.",
		"Het bestand is gecomprimeerd (gzip). Pak het uit en upload het CSV-bestand.",
		"Le fichier est compressé (gzip). Décompressez-le et déposez le fichier CSV.",
	},
	"file_pdf": {
		"The file is a PDF document. Type the pairs into a CSV file, or export them as one.",
		"Het bestand is een PDF-document. Typ de paren over in een CSV-bestand of exporteer ze als CSV.",
		"Le fichier est un document PDF. Saisissez les paires dans un fichier CSV ou exportez-les au format CSV.",
	},
	"file_html": {
		"The file is a web page or XML. Export the pairs as CSV.",
		"Het bestand is een webpagina of XML. Exporteer de paren als CSV.",
		"Le fichier est une page web ou du XML. Exportez les paires au format CSV.",
	},
	"file_nul": {
		"The file is not plain text. Save the sheet as CSV.",
		"Het bestand is geen platte tekst. Sla het blad op als CSV.",
		"Le fichier n'est pas du texte brut. Enregistrez la feuille au format CSV.",
	},
	"header_incomplete": {
		"The header line must name both number columns, authorization number and license number. Complete it, or remove it.",
		"De kopregel moet beide nummerkolommen noemen, autorisatienummer en licentienummer. Vul hem aan of verwijder hem.",
		"La ligne d'en-tête doit nommer les deux colonnes de numéros, numéro d'autorisation et numéro de licence. Complétez-la ou supprimez-la.",
	},
	"columns": {
		"A line has two columns (both numbers) or three (and a name), separated by {separator}. This one has {count}.",
		"Een regel heeft twee kolommen (beide nummers) of drie (met een naam), gescheiden door {separator}. Deze heeft er {count}.",
		"Une ligne compte deux colonnes (les deux numéros) ou trois (avec un nom), séparées par {separator}. Celle-ci en compte {count}.",
	},
	"unclosed_quote": {
		"The quote that opens this cell is not closed. Add a quote at its end, or remove the one at its start.",
		"Het aanhalingsteken waarmee deze cel begint wordt niet gesloten. Voeg er een toe aan het eind of verwijder het eerste.",
		"Le guillemet qui ouvre cette cellule n'est pas fermé. Ajoutez-en un à la fin ou supprimez celui du début.",
	},
	"stray_quote": {
		"Quotes stand around a whole cell. Remove this one, or double it.",
		"Aanhalingstekens staan om een hele cel. Verwijder dit teken of verdubbel het.",
		"Les guillemets entourent une cellule entière. Supprimez celui-ci ou doublez-le.",
	},
	"line_break": {
		"There is a line break in this cell. Remove it, or close the quote before it.",
		"In deze cel staat een regeleinde. Verwijder het of sluit het aanhalingsteken ervoor.",
		"Cette cellule contient un saut de ligne. Supprimez-le ou fermez le guillemet qui précède.",
	},
	"pair_under_two_names": {
		"Line {line} has this pair under the name {name}. A pair belongs to one agreement: remove one of the lines, or give both the same name.",
		"Regel {line} heeft dit paar onder de naam {name}. Een paar hoort bij één overeenkomst: verwijder een van de regels of geef beide dezelfde naam.",
		"La ligne {line} contient cette paire sous le nom {name}. Une paire appartient à un seul accord : supprimez l'une des lignes ou donnez-leur le même nom.",
	},
	"header_skipped": {
		"The first line is a header and was skipped.",
		"De eerste regel is een kopregel en is overgeslagen.",
		"La première ligne est un en-tête et a été ignorée.",
	},
	"columns_ignored": {
		"These columns are not known and were not read.",
		"Deze kolommen zijn niet bekend en zijn niet gelezen.",
		"Ces colonnes ne sont pas connues et n'ont pas été lues.",
	},
	"pair_repeated": {
		"Line {line} has the same pair under the same name. This line changes nothing.",
		"Regel {line} heeft hetzelfde paar onder dezelfde naam. Deze regel verandert niets.",
		"La ligne {line} contient la même paire sous le même nom. Cette ligne ne change rien.",
	},

	// What needs the store.
	"pair_taken": {
		"This pair belongs to the agreement {agreement}. Leave it out, or use that agreement's name.",
		"Dit paar hoort bij de overeenkomst {agreement}. Laat het weg of gebruik de naam van die overeenkomst.",
		"Cette paire appartient à l'accord {agreement}. Omettez-la ou utilisez le nom de cet accord.",
	},
	"name_is_other": {
		"An agreement of another type has this name, and it has no pairs. Choose another name.",
		"Een overeenkomst van een ander type heeft deze naam, en die heeft geen nummerparen. Kies een andere naam.",
		"Un accord d'un autre type porte ce nom, et il n'a pas de paires de numéros. Choisissez un autre nom.",
	},
	"taken_meanwhile": {
		"The agreement {agreement} took this pair while the file was imported. Leave it out, or use that agreement's name.",
		"De overeenkomst {agreement} nam dit paar over terwijl het bestand werd geïmporteerd. Laat het weg of gebruik de naam van die overeenkomst.",
		"L'accord {agreement} a pris cette paire pendant l'importation. Omettez-la ou utilisez le nom de cet accord.",
	},
	"group_limit": {
		"There are {limitGroups} license groups already, the most there can be. Use an existing group, or delete one first.",
		"Er zijn al {limitGroups} licentiegroepen, het hoogste aantal. Gebruik een bestaande groep of verwijder er eerst een.",
		"Il y a déjà {limitGroups} groupes de licences, le maximum. Utilisez un groupe existant ou supprimez-en d'abord un.",
	},
	"pair_already_stored": {
		"The agreement has this pair already. The line changes nothing.",
		"De overeenkomst heeft dit paar al. De regel verandert niets.",
		"L'accord a déjà cette paire. La ligne ne change rien.",
	},
	"group_ignored": {
		"The agreement {agreement} is in another license group and stays there. Move it yourself if you meant to.",
		"De overeenkomst {agreement} zit in een andere licentiegroep en blijft daar. Verplaats haar zelf als dat de bedoeling was.",
		"L'accord {agreement} est dans un autre groupe de licences et y reste. Déplacez-le vous-même si c'était voulu.",
	},

	// How a file was put, and what became of it.
	"on_error_unknown": {
		"The metadata on-error must be reject or skip. Upload the file again with one of them, or without.",
		"De metadata on-error moet reject of skip zijn. Upload het bestand opnieuw met een van beide, of zonder.",
		"La métadonnée on-error doit être reject ou skip. Déposez de nouveau le fichier avec l'une des deux, ou sans.",
	},
	"folder_too_deep": {
		"The file is in a folder inside a folder. Put it under agreements/, or in one folder there, named as the license group.",
		"Het bestand staat in een map in een map. Zet het onder agreements/, of daar in één map met de naam van de licentiegroep.",
		"Le fichier se trouve dans un dossier imbriqué. Placez-le sous agreements/ ou dans un seul dossier portant le nom du groupe de licences.",
	},
	"group_name_invalid": {
		"The folder's name cannot be the name of a license group. Use at most {limitName} characters, and none of {limitForbidden}",
		"De naam van de map kan geen naam van een licentiegroep zijn. Gebruik hoogstens {limitName} tekens, en geen van {limitForbidden}",
		"Le nom du dossier ne peut pas être celui d'un groupe de licences. Utilisez {limitName} caractères au plus, et aucun de {limitForbidden}",
	},
	"object_missing": {
		"The file was deleted or replaced before it could be read. Upload it again.",
		"Het bestand is verwijderd of vervangen voordat het gelezen kon worden. Upload het opnieuw.",
		"Le fichier a été supprimé ou remplacé avant d'avoir pu être lu. Déposez-le de nouveau.",
	},
	"abandoned": {
		"The import was interrupted again and again and was given up. Nothing of the file was stored. Upload it again.",
		"De import werd telkens onderbroken en is opgegeven. Er is niets van het bestand opgeslagen. Upload het opnieuw.",
		"L'importation a été interrompue à plusieurs reprises et abandonnée. Rien du fichier n'a été enregistré. Déposez-le de nouveau.",
	},
}
