package message

import "testing"

func TestCutSignature(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"dash", "n hello\nn \ns —\ns Ana Lee\ns Desk\n"},
		{"dashes", "n hello\nn \ns ---\ns Ana Lee\ns ana@example.org\n"},
		{"long dashes", "n hello\nn Cheers\nn Ana\nn \ns —————\ns Ana Lee\ns +1 555 0100 20\n"},
		{"two underscores", "n hello\nn \ns __\ns Ana Lee\n"},
		{"dashes inside a line", "n this is a -- mark inside\nn \nn done\n"},
		{"dashes before points", "n I write because of:\nn -- one\nn -- two\nn thanks\n"},
		{"headings with rules", "n Points\nn ----\nn \nn 1. one\nn 2. two\nn \nn ====\nn \nn These signs are only separators of mine.\n"},
		{"a table with a rule", "n Name  Date  Where\nn --------------------------\nn one 4 April example.org\nn two 5 April example.org\nn three 5 April example.org\nn \nn Please answer this letter.\n"},
		{"what is new in a patch", "n mend it\nn \nn ---\nn v2:\nn   said why\n"},

		{"sign-off with contact", "n hello\nn \ns Best regards,\ns Ana Lee\ns Example Ltd\ns +1 555 0100 20\n"},
		{"sign-off and address", "n hello\nn \ns Cheers\ns Ana <ana@example.org>\n"},
		{"sign-off with a blank line", "n hello\nn \ns Regards,\ns \ns Ana Lee\ns Head of Desk @ Example\n"},
		{"sign-off with a name stays", "n hello\nn \nn Best regards,\nn Ana\n"},
		{"sign-off in the middle", "n Thanks\nn \nn I have tried it, and it is what I wanted.\n"},
		{"sign-off above links", "n see [1]\nn \nn Thanks,\nn Ana\nn \nn [1]: https://example.org/x\n"},
		{"sign-off above an afterthought", "n yes\nn \nn Cheers,\nn Ana\nn PS: bring the key\n"},
		{"sign-off above a trailer", "n good\nn \nn Thanks,\nn Reviewed-by: Ana Lee <ana@example.org>\n"},
		{"regards in a sentence", "n This is with regards to the payment.\nn \nn As regards the time, Friday.\n"},
		{"German", "n hallo\nn \ns Mit freundlichen Grüßen\ns Ana Lee\ns Beispiel GmbH, Tel. 030 123456\n"},
		{"two languages", "n hallo\nn \ns Viele Grüße / Best regards\ns \ns Ana Lee\ns ana@example.org\n"},
		{"French", "n salut\nn \ns Cordialement,\ns Ana Lee\ns Société Exemple\n"},
		{"Spanish", "n hola\nn \ns Un saludo,\ns Ana Lee\ns www.example.org\n"},
		{"Russian", "n да\nn \ns С уважением,\ns Ана Ли\ns +7 495 1234567\n"},
		{"Japanese", "n はい\nn \ns よろしくお願いします。\ns リー\ns lee@example.org\n"},
		{"above a quote", "n yes\nn \ns Regards,\ns Ana Lee\ns ana@example.org\ns \na On 4 Apr 2016 Bob wrote:\nq > which?\n"},
		{"nothing but it", "n Regards,\nn Ana Lee\nn ana@example.org\n"},

		{"telephone", "n yes\nn \ns Sent from my iPhone\n"},
		{"with an apology", "n yes\nn \ns Sent from my phone, please excuse typos.\n"},
		{"in brackets", "n yes\nn \ns (sent from a phone)\n"},
		{"with a link", "n yes\nn \ns Get Outlook for iOS<https://example.org/o>\n"},
		{"a sentence about a desk", "n yes\nn \nn Sent from my desk, which is much easier than my phone.\n"},
		{"a sentence about sending", "n Sent from my desk is the one that you have, and it was late.\n"},
		{"in a sentence", "n The note was sent from my iPhone to all.\n"},
		{"German telephone", "n ja\nn \ns Von meinem iPhone gesendet\n"},
		{"French telephone", "n oui\nn \ns Envoyé de mon iPhone\n"},
		{"Spanish telephone", "n sí\nn \ns Enviado desde mi iPhone\n"},
		{"Portuguese telephone", "n sim\nn \ns Enviado do meu iPhone\n"},
		{"Italian telephone", "n sì\nn \ns Inviato da iPhone\n"},
		{"Dutch telephone", "n ja\nn \ns Verstuurd vanaf mijn iPhone\n"},
		{"Swedish telephone", "n ja\nn \ns Skickat från min iPhone\n"},
		{"Danish telephone", "n ja\nn \ns Sendt fra min iPhone\n"},
		{"Finnish telephone", "n joo\nn \ns Lähetetty iPhonesta\n"},
		{"Polish telephone", "n tak\nn \ns Wysłane z iPhone'a\n"},
		{"Czech telephone", "n ano\nn \ns Odesláno z iPhonu\n"},
		{"Hungarian telephone", "n igen\nn \ns Az iPhone-omról küldve\n"},
		{"Russian telephone", "n да\nn \ns Отправлено с iPhone\n"},
		{"Ukrainian telephone", "n так\nn \ns Надіслано з iPhone\n"},
		{"Turkish telephone", "n evet\nn \ns iPhone'umdan gönderildi\n"},
		{"Greek telephone", "n ναι\nn \ns Στάλθηκε από το iPhone μου\n"},
		{"Romanian telephone", "n da\nn \ns Trimis de pe iPhone-ul meu\n"},
		{"Japanese telephone", "n はい\nn \ns iPhoneから送信\n"},
		{"Korean telephone", "n 네\nn \ns 나의 iPhone에서 보냄\n"},
		{"Simplified Chinese telephone", "n 好\nn \ns 发自我的 iPhone\n"},
		{"Traditional Chinese telephone", "n 好\nn \ns 從我的 iPhone 傳送\n"},
		{"Vietnamese telephone", "n vâng\nn \ns Đã gửi từ iPhone của tôi\n"},
		{"Hebrew telephone", "n כן\nn \ns נשלח מה-iPhone שלי\n"},
		{"Arabic telephone", "n نعم\nn \ns أرسلت من الـ iPhone\n"},
		{"telephone above what is answered", "n yes\nn \ns Sent from my iPhone\nq \nq which?\n"},
		{"telephone above an afterthought", "n yes\nn \ns Sent from my iPhone\ns \nn PS: at four\n"},
		{"telephone behind a signature", "n yes\nn \ns --\ns Ana Lee\ns \ns Sent from my iPhone\n"},

		{"disclaimer", "n yes\nn \ns This e-mail and any attachments are confidential and intended\ns solely for the addressee. If you are not the intended\ns recipient, delete it.\n"},
		{"ruled disclaimer", "n yes\nn \ns ________________________________\ns The information contained in this message is privileged\ns and confidential.\n"},
		{"German disclaimer", "n ja\nn \ns Diese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht\ns der richtige Empfänger sind, löschen Sie sie.\n"},
		{"trees", "n yes\nn \nn Ana\nn \ns Please consider the environment before printing this e-mail\n"},
		{"text on secrets", "n This message came through twice, and I do not know why.\nn \nn Is it confidential?\n"},

		{"card", "n hello\nn \ns BEGIN:VCARD\ns VERSION:4.0\ns FN:Ana Lee\ns END:VCARD\n"},
		{"PGP with a signature", "n hello\nn \ns -- \ns Ana\ns \ns -----BEGIN PGP SIGNATURE-----\ns \ns abcd\ns -----END PGP SIGNATURE-----\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkMarked(t, c.want)
		})
	}
}
