"""What a hostile model says: tricks for browsers, terminals and readers. Anything that runs sets `window.pwned`."""

EVIL = "evil.example"
"""The host everything tries to reach."""

BROWSER_TRICKS = (
    f"<script src=//{EVIL}/a.js></script><script>window.pwned=1</script></script>",
    f"<img src=//{EVIL}/b.png onerror=window.pwned=2><svg onload=window.pwned=3><body onload=window.pwned=4>",
    f"<link rel=dns-prefetch href=//dns.{EVIL}><link rel=preconnect href=//pre.{EVIL}><base href=//{EVIL}/>",
    f"<meta http-equiv=refresh content='0;url=http://{EVIL}/c'><iframe src=javascript:parent.pwned=5></iframe>",
    f"<style>@import '//{EVIL}/d.css';*{{background:url(//{EVIL}/e)}}</style><form action=//{EVIL}/f><input autofocus>",
    f"![x](http://{EVIL}/g.png) [y](javascript:window.pwned=6) <http://{EVIL}/h> http://{EVIL}/i",
    "[z](data:text/html;base64,PHNjcmlwdD5wd25lZD03PC9zY3JpcHQ+) <a href='vbscript:x' onclick=window.pwned=8>click</a>",
    "&lt;script&gt;window.pwned=9&lt;/script&gt; &#60;img src=x onerror=window.pwned=10&#62; &amp; &nbsp;",
    "{{constructor.constructor('window.pwned=11')()}} ${window.pwned=12} <%= window.pwned=13 %> #{7*7}",
    "';window.pwned=14;//\";window.pwned=15;//`-->]]></textarea></title></style><!--",
    "before\u2028after\u2029end \u202egnp.exe\u202c \u2066x\u2069 \ufeff",
    "\x1b]52;c;aGk=\x07\x1b]0;title\x07\x1b[2J \x00 \x9b31m \r\b\x7f",
    "javascript:window.pwned=16",
)

TERMINAL_TRICKS = (
    "\x1b]52;c;aGFja2Vk\x07",
    "\x1b]0;title\x07\x1b]2;title\x1b\\",
    "\x1b]8;;http://evil.example/\x1b\\link\x1b]8;;\x1b\\",
    "\x1b[2J\x1b[H\x1b[10A\x1b[3K\x1b[?1049h\x1b[6n\x1b[c",
    '\x1bP$q"p\x1b\\ \x1bPq#0;2;0;0;0~\x1b\\',
    "\x1b_Gf=100;AAAA\x1b\\ \x1b^pm\x1b\\ \x1bX\x1b\\",
    "\x9b2J \x9d0;title\x9c \x90q\x9c \x85next\x8d",
    "\x1b]1337;File=inline=1:AAAA\x07 \x1b]777;notify;a;b\x1b\\ \x1b]9;x\x07",
    "\x1b[31mred\x1b[0m \x1b[8mhidden\x1b(0 \x1bc \x0e\x0f",
    "visible\rHIDDEN  \x08\x08\x08back \x07 \x0b\x0c \x7f",
    "\u202egnp.exe\u202c \u2066isolate\u2069 \u200emark\u200f \u061c",
    "[bold red]markup[/] [link=http://evil.example]x[/link] [on red] :smile: \\[x]",
    "line\u2028separator\u2029end \ufeff \ufff9a\ufffab\ufffb",
    "\ud800 \udfff",
)
"""What steers a terminal, hides text in it or turns it around."""
