/** Somebody who can be chosen. */
export interface Choice {
  readonly value: string;
  readonly label: string;
}

const TEXTS = {
  citizen: {
    vi: { title: 'Đăng nhập thử nghiệm: công dân', typed: 'Số định danh cá nhân khác (12 chữ số)' },
    en: { title: 'Demo login: citizen', typed: 'Another ID number (12 digits)' },
  },
  officer: {
    vi: { title: 'Đăng nhập thử nghiệm: cán bộ', typed: undefined },
    en: { title: 'Demo login: officer', typed: undefined },
  },
} as const;

/** The page of a demo login as HTML, in Vietnamese and English; works without scripts. */
export function loginPage(kind: 'citizen' | 'officer', choices: readonly Choice[], problem: 'nobody' | undefined): string {
  const { vi, en } = TEXTS[kind];
  const first = choices[0]?.value;
  const options = choices.map(
    ({ value, label }) =>
      `<label><input type="radio" name="chosen" value="${escaped(value)}"${value === first ? ' checked' : ''}> ${escaped(label)}</label>`,
  );
  const typed =
    vi.typed === undefined
      ? ''
      : `<p><label for="typed">${vi.typed} · <span lang="en">${en.typed}</span></label>
      <input id="typed" name="typed" inputmode="numeric" pattern="\\d{12}" maxlength="12" autocomplete="off"></p>`;
  const alert =
    problem === undefined
      ? ''
      : '<p role="alert">Hãy chọn một người và mức độ định danh. · <span lang="en">Choose somebody and a level.</span></p>';
  return `<!doctype html>
<html lang="vi">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${vi.title} · ${en.title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${vi.title}<small lang="en">${en.title}</small></h1>
<p class="note">Người giả lập, không phải người thật; không cần mật khẩu. · <span lang="en">Synthetic people, nobody real; no password.</span></p>
${alert}
<form method="post">
<fieldset><legend>Bạn là ai? · <span lang="en">Who are you?</span></legend>
${options.join('\n')}
${typed}
</fieldset>
<fieldset><legend>Mức độ định danh · <span lang="en">Level of the electronic identity</span></legend>
<label><input type="radio" name="level" value="1"> 1 — cơ bản · <span lang="en">basic</span></label>
<label><input type="radio" name="level" value="2" checked> 2 — đầy đủ · <span lang="en">full</span></label>
</fieldset>
<button>Đăng nhập · <span lang="en">Log in</span></button>
</form>
</main>
</body>
</html>
`;
}

const STYLE = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { margin: 0; display: grid; place-items: start center; padding: 2rem 1rem; }
main { width: min(34rem, 100%); }
h1 { font-size: 1.4rem; line-height: 1.3; margin: 0 0 .5rem; }
h1 small { display: block; font-size: 1rem; font-weight: normal; opacity: .75; }
.note { opacity: .8; }
[role=alert] { border-left: .25rem solid #c62828; padding-left: .75rem; }
fieldset { border: 1px solid #8888; border-radius: .5rem; margin: 1rem 0; padding: .75rem 1rem; }
fieldset label { display: block; padding: .35rem 0; font-variant-numeric: tabular-nums; }
input[name=typed] { font: inherit; padding: .4rem .6rem; width: 14ch; letter-spacing: .05em; }
button { font: inherit; padding: .6rem 1.4rem; border: 0; border-radius: .5rem; background: #0b57d0; color: #fff; cursor: pointer; }
button:focus-visible, input:focus-visible { outline: 3px solid #f9ab00; outline-offset: 2px; }
`;

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
