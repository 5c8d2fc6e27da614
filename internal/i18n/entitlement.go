package i18n

// entitlementMessages are about statements of what agreements entitle to, and
// why a source did not validate a pair.
var entitlementMessages = map[string]message{
	// About a statement as a whole.
	"statement_too_large": {
		"The file is larger than {max} MiB. Leave out what is no statement, or split it.",
		"Het bestand is groter dan {max} MiB. Laat weg wat geen overzicht is, of splits het.",
		"Le fichier dépasse {max} Mio. Retirez ce qui n'est pas un relevé, ou divisez-le.",
	},
	"statement_too_many_rows": {
		"The file has more than {max} rows. Split it into smaller files.",
		"Het bestand bevat meer dan {max} rijen. Splits het in kleinere bestanden.",
		"Le fichier contient plus de {max} lignes. Divisez-le en fichiers plus petits.",
	},
	"statement_empty": {
		"There is nothing below the header. Download the statement again.",
		"Onder de kopregel staat niets. Download het overzicht opnieuw.",
		"Il n'y a rien sous l'en-tête. Téléchargez à nouveau le relevé.",
	},
	"statement_unknown": {
		"This is no statement that can be read. Use a license summary, a General License Statement or a Microsoft License Statement, with its header.",
		"Dit is geen overzicht dat kan worden gelezen. Gebruik een licentieoverzicht, een General License Statement of een Microsoft License Statement, met kopregel.",
		"Ce n'est pas un relevé lisible. Utilisez un récapitulatif de licences, un General License Statement ou un Microsoft License Statement, avec son en-tête.",
	},
	"statement_column_missing": {
		"The header has no column {column}. Add it, or download the statement again with all its columns.",
		"De kopregel heeft geen kolom {column}. Voeg die toe of download het overzicht opnieuw met alle kolommen.",
		"L'en-tête n'a pas de colonne {column}. Ajoutez-la ou téléchargez à nouveau le relevé avec toutes ses colonnes.",
	},
	"statement_sheet_missing": {
		"The workbook has no sheet Pivot Data with its header. Use the Microsoft License Statement as it was sent; save a sheet of anything else as CSV.",
		"De werkmap heeft geen blad Pivot Data met kopregel. Gebruik het Microsoft License Statement zoals het is verstuurd; sla een blad van iets anders op als CSV.",
		"Le classeur n'a pas de feuille Pivot Data avec son en-tête. Utilisez le Microsoft License Statement tel qu'il a été envoyé ; enregistrez toute autre feuille au format CSV.",
	},
	"statement_workbook_damaged": {
		"The workbook is damaged. Open it in your spreadsheet program, save it again as .xlsx without a password, and upload that.",
		"De werkmap is beschadigd. Open haar in uw spreadsheetprogramma, sla haar opnieuw op als .xlsx zonder wachtwoord en upload die.",
		"Le classeur est endommagé. Ouvrez-le dans votre tableur, enregistrez-le à nouveau en .xlsx sans mot de passe et déposez celui-ci.",
	},
	"statement_workbook_too_large": {
		"The workbook is too large when unpacked. Keep only the sheet Pivot Data in it.",
		"De werkmap is uitgepakt te groot. Houd er alleen het blad Pivot Data in.",
		"Le classeur est trop volumineux une fois décompressé. N'y gardez que la feuille Pivot Data.",
	},
	"statement_utf16": {
		"The file is Unicode text (UTF-16). Save it as CSV, not as Unicode text.",
		"Het bestand is Unicode-tekst (UTF-16). Sla het op als CSV, niet als Unicode-tekst.",
		"Le fichier est un texte Unicode (UTF-16). Enregistrez-le au format CSV, et non en texte Unicode.",
	},
	"statement_xls": {
		"The file is an old or a protected workbook. Open it in your spreadsheet program and save it as .xlsx without a password, or the sheet as CSV.",
		"Het bestand is een oude of beveiligde werkmap. Open het in uw spreadsheetprogramma en sla het op als .xlsx zonder wachtwoord, of het blad als CSV.",
		"Le fichier est un classeur ancien ou protégé. Ouvrez-le dans votre tableur et enregistrez-le en .xlsx sans mot de passe, ou la feuille au format CSV.",
	},
	"statement_zip": {
		"The file is a ZIP archive. Unpack it and upload the statements in it one by one.",
		"Het bestand is een ZIP-archief. Pak het uit en upload de overzichten een voor een.",
		"Le fichier est une archive ZIP. Décompressez-la et déposez les relevés un par un.",
	},
	"statement_gzip": {
		"The file is compressed (gzip). Unpack it and upload the statement in it.",
		"Het bestand is gecomprimeerd (gzip). Pak het uit en upload het overzicht.",
		"Le fichier est compressé (gzip). Décompressez-le et déposez le relevé.",
	},
	"statement_pdf": {
		"The file is a PDF document. Download the statement as CSV or as a workbook.",
		"Het bestand is een PDF-document. Download het overzicht als CSV of als werkmap.",
		"Le fichier est un document PDF. Téléchargez le relevé au format CSV ou sous forme de classeur.",
	},
	"statement_html": {
		"The file is a web page or XML. Download the statement as CSV or as a workbook.",
		"Het bestand is een webpagina of XML. Download het overzicht als CSV of als werkmap.",
		"Le fichier est une page web ou du XML. Téléchargez le relevé au format CSV ou sous forme de classeur.",
	},
	"statement_date_missing": {
		"There is no date in cell K3, so the day of the upload is taken.",
		"In cel K3 staat geen datum; daarom geldt de dag van het uploaden.",
		"La cellule K3 ne contient pas de date ; le jour du dépôt est donc retenu.",
	},
	"statement_date_future": {
		"The date in cell K3 is after the day of the upload, so that day is taken.",
		"De datum in cel K3 ligt na de dag van het uploaden; daarom geldt die dag.",
		"La date de la cellule K3 est postérieure au jour du dépôt ; ce jour est donc retenu.",
	},
	"statement_no_total": {
		"No row is about All Countries, so there are no totals. Use the statement of all countries.",
		"Geen enkele rij gaat over All Countries; er zijn dus geen totalen. Gebruik het overzicht van alle landen.",
		"Aucune ligne ne porte sur All Countries ; il n'y a donc pas de totaux. Utilisez le relevé de tous les pays.",
	},
	"statement_day_first": {
		"This date has its day first, so all dates with slashes are read that way.",
		"In deze datum staat de dag voorop; alle datums met schuine strepen zijn zo gelezen.",
		"Cette date commence par le jour ; toutes les dates avec des barres obliques sont lues ainsi.",
	},

	// About what was kept of a statement.
	"statement_file_extension": {
		"The file name must end in .csv or .xlsx. Rename the file.",
		"De bestandsnaam moet eindigen op .csv of .xlsx. Geef het bestand een andere naam.",
		"Le nom du fichier doit se terminer par .csv ou .xlsx. Renommez le fichier.",
	},
	"statement_not_found": {
		"There is no such statement.",
		"Dit overzicht bestaat niet.",
		"Ce relevé n'existe pas.",
	},
	"statement_not_in_use": {
		"This statement is not in use, so there is nothing to remove.",
		"Dit overzicht is niet in gebruik; er valt niets te verwijderen.",
		"Ce relevé n'est pas utilisé ; il n'y a rien à retirer.",
	},

	// About a row of a statement.
	"statement_columns": {
		"This row has {count} columns and the header {columns}. Put quotes around a text that has the separator in it.",
		"Deze rij heeft {count} kolommen en de kopregel {columns}. Zet aanhalingstekens om een tekst waar het scheidingsteken in staat.",
		"Cette ligne compte {count} colonnes et l'en-tête {columns}. Mettez entre guillemets un texte qui contient le séparateur.",
	},
	"statement_required": {
		"The column {column} is empty here. Fill it in.",
		"De kolom {column} is hier leeg. Vul haar in.",
		"La colonne {column} est vide ici. Remplissez-la.",
	},
	"statement_text_too_long": {
		"This text is too long. Shorten it to at most {max} characters.",
		"Deze tekst is te lang. Kort hem in tot hoogstens {max} tekens.",
		"Ce texte est trop long. Raccourcissez-le à {max} caractères au plus.",
	},
	"statement_text_control": {
		"Remove the invisible characters from this text.",
		"Verwijder de onzichtbare tekens uit deze tekst.",
		"Retirez les caractères invisibles de ce texte.",
	},
	"statement_license_id": {
		"This is no License ID. It has letters, digits and hyphens only.",
		"Dit is geen licentie-ID. Die heeft alleen letters, cijfers en streepjes.",
		"Ce n'est pas un identifiant de licence. Il ne comporte que des lettres, des chiffres et des tirets.",
	},
	"statement_quantity": {
		"Write a whole number from 0 to {max}.",
		"Schrijf een geheel getal van 0 tot en met {max}.",
		"Écrivez un nombre entier de 0 à {max}.",
	},
	"statement_date": {
		"This is no date. Write month/day/year, such as 11/21/2026, or year-month-day.",
		"Dit is geen datum. Schrijf maand/dag/jaar, zoals 11/21/2026, of jaar-maand-dag.",
		"Ce n'est pas une date. Écrivez mois/jour/année, par exemple 11/21/2026, ou année-mois-jour.",
	},
	"statement_support": {
		"Write 0 when support was bought and 1 when not.",
		"Schrijf 0 als ondersteuning is gekocht en 1 als dat niet zo is.",
		"Écrivez 0 si le support a été acheté et 1 sinon.",
	},
	"statement_row_repeated": {
		"Row {line} says the same. This row changes nothing.",
		"Rij {line} zegt hetzelfde. Deze rij verandert niets.",
		"La ligne {line} dit la même chose. Cette ligne ne change rien.",
	},
	"statement_row_contradicts": {
		"Row {line} has the same product with other quantities. Keep one of them.",
		"Rij {line} heeft hetzelfde product met andere aantallen. Houd er één over.",
		"La ligne {line} contient le même produit avec d'autres quantités. N'en gardez qu'une.",
	},
	"statement_sa_exceeds": {
		"There is more Software Assurance than the {effective} effective licenses. Check the statement; it counts as it stands.",
		"Er is meer Software Assurance dan de {effective} effectieve licenties. Controleer het overzicht; het telt zoals het er staat.",
		"Il y a plus de Software Assurance que les {effective} licences effectives. Vérifiez le relevé ; il compte tel quel.",
	},

	// Why a source did not validate a pair.
	"statement_without_pair": {
		"No statement has this pair's license number. Put a license summary that has it under entitlements/.",
		"Geen enkel overzicht bevat het licentienummer van dit paar. Zet een licentieoverzicht dat het bevat onder entitlements/.",
		"Aucun relevé ne contient le numéro de licence de cette paire. Déposez sous entitlements/ un récapitulatif de licences qui le contient.",
	},
	"statement_withdrawn": {
		"The statement that had this pair is no longer in use, and none that is has it. What it said does not count any more.",
		"Het overzicht dat dit paar bevatte is niet meer in gebruik, en geen enkel dat het wel is bevat het. Wat erin stond telt niet meer.",
		"Le relevé qui contenait cette paire n'est plus utilisé, et aucun de ceux qui le sont ne la contient. Ce qu'il disait ne compte plus.",
	},
	"source_too_much": {
		"More is said of this pair than can be kept: at most 1,000 products. What was known before stays.",
		"Over dit paar wordt meer gezegd dan kan worden bewaard: hoogstens 1.000 producten. Wat eerder bekend was, blijft.",
		"Il est dit de cette paire plus que ce qui peut être conservé : 1 000 produits au plus. Ce qui était connu reste.",
	},
	"source_unreachable": {
		"The source of entitlements could not be reached. The pair is asked about again at the next refresh.",
		"De bron van rechten was niet bereikbaar. Naar het paar wordt bij de volgende verversing opnieuw gevraagd.",
		"La source des droits était inaccessible. La paire sera à nouveau demandée à la prochaine actualisation.",
	},
	"source_timeout": {
		"The source of entitlements did not answer in time. The pair is asked about again at the next refresh.",
		"De bron van rechten antwoordde niet op tijd. Naar het paar wordt bij de volgende verversing opnieuw gevraagd.",
		"La source des droits n'a pas répondu à temps. La paire sera à nouveau demandée à la prochaine actualisation.",
	},
	"source_failed": {
		"The source of entitlements reported a failure of its own. The pair is asked about again at the next refresh.",
		"De bron van rechten meldde zelf een storing. Naar het paar wordt bij de volgende verversing opnieuw gevraagd.",
		"La source des droits a signalé une panne. La paire sera à nouveau demandée à la prochaine actualisation.",
	},
	"source_denied": {
		"The source of entitlements does not accept our credentials. Check its client ID and secret.",
		"De bron van rechten aanvaardt onze aanmeldgegevens niet. Controleer de client-ID en het geheim.",
		"La source des droits n'accepte pas nos identifiants. Vérifiez son identifiant client et son secret.",
	},
	"source_refused": {
		"The source of entitlements did not accept the request. Check its address and version.",
		"De bron van rechten aanvaardde het verzoek niet. Controleer het adres en de versie ervan.",
		"La source des droits n'a pas accepté la requête. Vérifiez son adresse et sa version.",
	},
	"source_quota": {
		"The source of entitlements allows no more requests for now. The pair is asked about again at the next refresh.",
		"De bron van rechten staat nu geen verzoeken meer toe. Naar het paar wordt bij de volgende verversing opnieuw gevraagd.",
		"La source des droits n'autorise plus de requêtes pour l'instant. La paire sera à nouveau demandée à la prochaine actualisation.",
	},
	"source_damaged": {
		"The answer of the source of entitlements is not as agreed, so nothing of it was used.",
		"Het antwoord van de bron van rechten is niet zoals afgesproken; er is niets van gebruikt.",
		"La réponse de la source des droits n'est pas conforme ; rien n'en a été utilisé.",
	},
	"vlsc_unknown": {
		"The Volume Licensing Service Center does not know these numbers. Check them against the agreement.",
		"Het Volume Licensing Service Center kent deze nummers niet. Vergelijk ze met de overeenkomst.",
		"Le Volume Licensing Service Center ne connaît pas ces numéros. Comparez-les à l'accord.",
	},
	"vlsc_unrelated": {
		"Both numbers exist and do not belong together. Check them against the agreement.",
		"Beide nummers bestaan en horen niet bij elkaar. Vergelijk ze met de overeenkomst.",
		"Les deux numéros existent mais ne vont pas ensemble. Comparez-les à l'accord.",
	},
	"vlsc_no_access": {
		"The source's account may not read this agreement. Ask for the role of license position reader.",
		"De account van de bron mag deze overeenkomst niet lezen. Vraag de rol van lezer van licentieposities aan.",
		"Le compte de la source ne peut pas lire cet accord. Demandez le rôle de lecteur de position de licence.",
	},
	"vlsc_later": {
		"The Volume Licensing Service Center could not say for now. The pair is asked about again at the next refresh.",
		"Het Volume Licensing Service Center kon het nu niet zeggen. Naar het paar wordt bij de volgende verversing opnieuw gevraagd.",
		"Le Volume Licensing Service Center n'a pas pu répondre pour l'instant. La paire sera à nouveau demandée à la prochaine actualisation.",
	},
}
