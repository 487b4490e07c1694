package message

import "testing"

func TestCutCode(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"fenced", "n like this:\nn \nc ```go\nc x := 1\nc \nc # not a heading\nc ```\nc \nn so\n"},
		{"fence that is not closed", "n like this:\nn ```\nn one two\n"},
		{"tildes as separators", "n one\nn ~~~~~~~~~~~~~~~\nn two three\nn ~~~~~~~~~~~~~~~\nn and four and five and six, as I said before.\n"},
		{"indented", "n like this:\nn \nc     for (i = 0; i < n; i++) {\nc         sum += i;\nc     }\nc \nn so\n"},
		{"indented below a sentence", "n I call\nc     mutex_unlock(&host->lock);\nn and it hangs\n"},
		{"indented prose", "n he said\nn \nn     that it would rain, and that nobody\nn     would come to the meeting\nn \nn so\n"},
		{"indented points", "n two things\nn \nn     - one\nn     - two\n"},
		{"not indented", "c #include <stdio.h>\nc int main(void) {\nc puts(\"x\");\nc return 0;\nc }\n"},
		{"indented links", "n see\nn \nn     https://example.org/x?y=z;w=1\n"},
		{"a sentence with a semicolon", "n I tried it; it works;\nn so there\n"},

		{"traceback", "n it says\nn \nl Traceback (most recent call last):\nl   File \"x.py\", line 1, in <module>\nl     f()\nl ValueError: no\nn what now?\n"},
		{"stack", "l Exception in thread \"main\" java.lang.Error: no\nl \tat a.b.C.d(C.java:12)\nl \tat a.b.C.e(C.java:13)\nn what now?\n"},
		{"syslog", "l Apr  4 21:03:22 host sshd[12]: closed by peer\nl Apr  4 21:03:23 host sshd[12]: opened by peer\n"},
		{"time stamps", "l 2016-04-04 21:03:22.123 12 ERROR nova.compute: no host\n"},
		{"times alone", "n 2016-04-04 21:03:22\nn 2016/04/04 21:03:22\nn 04.04.2016 21:03\n"},
		{"kernel", "l [   12.345678] usb 1-1: new device\nl [   12.345679] usb 1-1: gone\n"},
		{"session", "n I ran\nn \nl $ ls -l\nl total 0\nl \nn and no more\n"},
		{"root's session", "l [root@host ~]# ls\nl total 0\n"},
		{"money", "n $ 5 is too much\n"},
		{"table with borders", "l +----+------+\nl | id | name |\nl +----+------+\nl | 1  | x    |\nl +----+------+\nn see?\n"},
		{"columns", "l NAME     READY   STATUS\nl web-1    1/1     Running\nl web-2    0/1     Error\nl \nn why?\n"},
		{"shouting", "n PLEASE READ THIS\nn it is new\n"},
		{"footnotes", "n see [1]\nn \nn [1] https://example.org/\nn [2] the other one\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkMarked(t, c.want)
		})
	}
}

func TestCutDiff(t *testing.T) {
	const diff = `d diff --git a/x b/x
d index 1..2 100644
d --- a/x
d +++ b/x
d @@ -1,3 +1,3 @@ f
d  one
d -two
d +> two
d 
`
	for _, c := range []struct{ name, want string }{
		{"git", "n see\nn \n" + diff + "d \nn that is all\n"},
		{"two hunks", diff + "d @@ -10 +10 @@\nd -a\nd +b\nd \nn so\n"},
		{"two files", diff + diff},
		{"plain", "d --- x.orig\nd +++ x\nd @@ -1 +1 @@\nd -a\nd +b\nd \\ No newline at end of file\nn so\n"},
		{"format-patch", "n mend x\nn \nn Signed-off-by: Ana\nd ---\nd  x | 2 +-\nd  1 file changed, 1 insertion(+), 1 deletion(-)\nd \n" + diff + "s -- \ns 2.7.4\n"},
		{"broken line", "d --- a/x\nd +++ b/x\nd @@ -1,2 +1,2 @@\nd -a long line that some program broke\nd here\nd +another\nd  one\nn so\n"},
		{"quoted", "q > diff --git a/x b/x\nq > --- a/x\nq > +++ b/x\nq > @@ -1 +1 @@\nq > -a\nq > +b\nn no\n"},
		{"answers inside", "q > @@ -1 +1 @@\nq > -a\nn why?\nq > +b\n"},
		{"no patch", "n --- that is ---\nn what I think\nn @@ home @@\n"},
		{"signs", "n + one\nn - two\nn @@ -1 is no hunk\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkMarked(t, c.want)
		})
	}
}
