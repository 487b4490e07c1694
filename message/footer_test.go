package message

import "testing"

// The footers of list software, each below a text and inside a quote.
func TestCutFooterOf(t *testing.T) {
	for _, c := range []struct{ name, text string }{
		{"Google Groups", "-- \nYou received this message because you are subscribed to the Google Groups \"sig\" group.\nTo unsubscribe from this group and stop receiving emails from it, send an email to sig+unsubscribe@googlegroups.com.\nTo view this discussion visit https://groups.google.com/d/msgid/sig/1%40x.\n"},
		{"Google Groups of 2009", "--~--~---------~--~----~------------~-------~--~----~\nYou received this message because you are subscribed to the Google Groups \"sig\" group.\nTo post to this group, send email to sig@googlegroups.com\nTo unsubscribe from this group, send email to sig+unsubscribe@googlegroups.com\nFor more options, visit this group at http://groups.google.com/group/sig?hl=en\n-~----------~----~----~----~------~----~------~--~---\n"},
		{"Google Groups in German", "-- \nSie erhalten diese Nachricht, weil Sie in Google Groups E-Mails von der Gruppe \"sig\" abonniert haben.\nWenn Sie sich von dieser Gruppe abmelden möchten, senden Sie eine E-Mail an sig+unsubscribe@googlegroups.com.\n"},
		{"Google Groups in French", "-- \nVous recevez ce message, car vous êtes abonné au groupe Google Groupes \"sig\".\nPour vous désabonner de ce groupe, envoyez un e-mail à l'adresse sig+unsubscribe@googlegroups.com.\n"},
		{"Google Groups in Spanish", "-- \nHas recibido este mensaje porque estás suscrito al grupo \"sig\" de Grupos de Google.\nPara cancelar la suscripción, envía un correo a sig+unsubscribe@googlegroups.com.\n"},
		{"Google Groups in Portuguese", "-- \nVocê recebeu essa mensagem porque está inscrito no grupo \"sig\" dos Grupos do Google.\nPara cancelar a inscrição, envie um e-mail para sig+unsubscribe@googlegroups.com.\n"},
		{"Google Groups in Russian", "-- \nВы получили это сообщение, поскольку подписаны на группу \"sig\" в Группах Google.\nЧтобы отменить подписку, отправьте письмо на адрес sig+unsubscribe@googlegroups.com.\n"},
		{"Google Groups in Japanese", "-- \nこのメールは Google グループのグループ「sig」に登録しているユーザーに送られています。\nsig+unsubscribe@googlegroups.com にメールを送信してください。\n"},
		{"Google Groups in Chinese", "-- \n您收到此邮件是因为您订阅了Google网上论坛上的“sig”群组。\n要退订此群组，请发送电子邮件到sig+unsubscribe@googlegroups.com。\n"},
		{"Mailman 2", "_______________________________________________\nOps mailing list\nOps@lists.example.org\nhttps://lists.example.org/mailman/listinfo/ops\n"},
		{"Mailman 2 with more", "_______________________________________________\nOps mailing list\nOps@lists.example.org\nTo change your subscription:\nhttps://lists.example.org/mailman/listinfo/ops\n"},
		{"Mailman 2 of OpenStack", "__________________________________________________________________________\nExample Development Mailing List (not for usage questions)\nUnsubscribe: example-request@lists.example.org?subject:unsubscribe\nhttp://lists.example.org/cgi-bin/mailman/listinfo/example\n"},
		{"Mailman 3", "_______________________________________________\nOps mailing list -- ops@lists.example.org\nTo unsubscribe send an email to ops-leave@lists.example.org\n"},
		{"groups.io", "-=-=-=-=-=-=-=-=-=-=-=-\nGroups.io Links: You receive all messages sent to this group.\nView/Reply Online (#12): https://groups.io/g/sig/message/12\nMute This Topic: https://groups.io/mt/1/2\nGroup Owner: sig+owner@groups.io\nUnsubscribe: https://groups.io/g/sig/unsub [ana@example.org]\n-=-=-=-=-=-=-=-=-=-=-=-\n"},
		{"groups.io in HTML", "_._,_._,_\nGroups.io Links:\nYou receive all messages sent to this group.\nView/Reply Online (#12) <https://groups.io/g/sig/message/12>\n_._,_._,_\n"},
		{"Sympa", "-----------------------------------------------------\nTo manage your subscription or leave: https://example.org/sympa/info/ops\nmailto:sympa@example.org?subject=unsubscribe%20ops\n"},
		{"Majordomo", "--\nTo unsubscribe from this list: send the line \"unsubscribe dev\" in\nthe body of a message to majordomo@example.org\nMore majordomo info at  http://example.org/majordomo-info.html\nPlease read the FAQ at  http://example.org/faq\n"},
		{"ezmlm", "---------------------------------------------------------------------\nTo unsubscribe, e-mail: dev-unsubscribe@example.org\nFor additional commands, e-mail: dev-help@example.org\n"},
		{"SourceForge", "-------------------------------------------------------\nThis sf.net email is sponsored by: somebody\nhttp://example.org/sf\n_______________________________________________\nOps mailing list\nOps@lists.sourceforge.net\nhttps://lists.sourceforge.net/lists/listinfo/ops\n"},
		{"SourceForge with an advertisement", "------------------------------------------------------------------------------\nBuy pipes that never leak. See how:\nhttp://example.org/pipes\n_______________________________________________\nOps mailing list\nOps@lists.sourceforge.net\nhttps://lists.sourceforge.net/lists/listinfo/ops\n"},
		{"LISTSERV", "########################################################################\n\nTo unsubscribe from the OPS list, click the following link:\nhttps://listserv.example.org/scripts/wa.exe?SUBED1=OPS&A=1\n"},
		{"Yahoo Groups", "------------------------ Yahoo! Groups Sponsor ---------------------~-->\nBuy things.\nhttp://us.click.yahoo.com/1\n---------------------------------------------------------------------~->\n\nTo unsubscribe from this group, send an email to:\nops-unsubscribe@yahoogroups.com\n\nYour use of Yahoo! Groups is subject to http://docs.yahoo.com/info/terms/\n"},
		{"FreeLists", "-- \nTo unsubscribe, send mail to ops-request@freelists.org with\n'unsubscribe' in the subject.\n"},
		{"Topicbox", "------------------------------------------\nops: Operations\nPermalink: https://ops.topicbox.com/groups/ops/T1-M2\nDelivery options: https://ops.topicbox.com/groups/ops/subscription\n"},
		{"GitHub", "-- \nReply to this email directly or view it on GitHub:\nhttps://github.com/example/x/issues/1#issuecomment-2\nYou are receiving this because you are subscribed to this thread.\n\nMessage ID: <example/x/issues/1/2@github.com>\n"},
		{"GitHub's dash", "—\nReply to this email directly, view it on GitHub <https://github.com/example/x/1>, or unsubscribe <https://github.com/notifications/unsubscribe-auth/1>.\nYou are receiving this because you authored the thread.\n"},
		{"GitLab", "-- \nReply to this email directly or view it on GitLab: https://gitlab.com/example/x/-/issues/1\nYou're receiving this email because of your account on gitlab.com.\n"},
		{"Discourse", "---\nVisit Topic <https://forum.example.org/t/1> or reply to this email to respond.\n\nTo unsubscribe from these emails, click here <https://forum.example.org/email/unsubscribe/1>.\n"},
		{"SourceForge with more about who pays", "-------------------------------------------------------\nThis sf.net email is sponsored by: somebody\nWelcome to them all.\nhttp://example.org/sf\n_______________________________________________\nOps mailing list\nOps@lists.sourceforge.net\nhttps://lists.sourceforge.net/lists/listinfo/ops\n"},
		{"Mailman's notice of HTML", "-------------- next part --------------\nAn HTML attachment was scrubbed...\nURL: <http://lists.example.org/pipermail/ops/attachments/20160404/1/attachment.html>\n"},
		{"Mailman's notice of a part", "-------------- next part --------------\nA non-text attachment was scrubbed...\nName: signature.asc\nType: application/pgp-signature\nSize: 490 bytes\nDesc: OpenPGP digital signature\nURL: <http://lists.example.org/pipermail/ops/attachments/20160404/1/attachment.sig>\n"},
		{"Mailman's notice and footer", "-------------- next part --------------\nAn HTML attachment was scrubbed...\nURL: <http://lists.example.org/attachments/1.html>\n_______________________________________________\nOps mailing list\nOps@lists.example.org\nhttps://lists.example.org/mailman/listinfo/ops\n"},
		{"Mailman's notice in German", "-------------- nächster Teil --------------\nEin Dateianhang mit HTML-Daten wurde abgetrennt...\nURL: <http://lists.example.org/attachments/1.html>\n"},
		{"the rule above a text that was attached", "-------------- next part --------------\n"},
		{"Launchpad", "_______________________________________________\nMailing list: https://launchpad.net/~ops\nPost to     : ops@lists.launchpad.net\nUnsubscribe : https://launchpad.net/~ops\nMore help   : https://help.launchpad.net/ListHelp\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkMarked(t, "n hello\nn \n"+letter("f", c.text))
			checkMarked(t, "n hello\ns -- \ns Ana\ns \n"+letter("f", c.text))
			checkMarked(t, "n yes\nn \na From: Ana\na Sent: Monday\na To: all\na Subject: x\nq \nq which?\n"+letter("f", c.text))
			quote := ""
			for _, r := range splitAfterLines(c.text) {
				quote += "f > " + r
			}
			checkMarked(t, "q > hello\nq >\n"+quote+"n new\n")
		})
	}
}

// The address of the list alone, right below the text.
func TestCutBareListinfo(t *testing.T) {
	checkMarked(t, "n It is made with butter.\nf http://example.org/mailman/listinfo/ops\n")
	checkMarked(t, "n So it is.\nn \nn -Ana\nf http://example.org/mailman/listinfo/ops\n")
	checkMarked(t, "q > Is it so?\nf > http://example.org/mailman/listinfo/ops\nn It is so.\nn \nf http://example.org/mailman/listinfo/ops\n")
}

// Talk that is near to what footers say.
func TestCutNoFooter(t *testing.T) {
	for _, c := range []struct{ name, text string }{
		{"how to leave", "How can I leave?\nTo unsubscribe you need the page of the list, I think.\n"},
		{"a rule and a link", "one\n---\nThe archive at https://example.org/mailman/listinfo/ops\nsays more on this, and I wonder why.\n\nDo you know?\n"},
		{"Google", "We moved to Google Groups; see\nhttps://groups.google.com/g/sig for it.\n"},
		{"received", "You received this message twice, did you not?\n"},
		{"where to subscribe", "You can subscribe at\nhttp://example.org/mailman/listinfo/ops\n"},
		{"a heading", "-------- part two --------\nWe go on. See\n\nhttps://example.org/\n"},
		{"reply", "Reply to this email if you come.\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkMarked(t, letter("n", c.text))
		})
	}
}
