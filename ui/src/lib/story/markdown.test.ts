import { describe, expect, it } from 'vitest';
import { renderReply } from './markdown';

const ATTACKS = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '![x](javascript:alert(1))',
  '[press](javascript:alert(1))',
  '[press](https://example.com/?leak=1)',
  '<a href="data:text/html,<script>alert(1)</script>">x</a>',
  '<svg><script>alert(1)</script></svg>',
  '<svg/onload=alert(1)>',
  '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
  '<form action="https://example.com"><button>go</button></form>',
  '<style>*{display:none}</style>',
  '<div style="position:fixed;inset:0">over everything</div>',
  '<p onclick="alert(1)" id="app" class="btn">x</p>',
  '```html\n<script>alert(1)</script>\n```',
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
  '<b>**<img src=x onerror=alert(1)>**</b>',
];

describe('a reply', () => {
  it.each(ATTACKS)('cannot run, fetch or cover anything: %s', (attack) => {
    const host = document.createElement('div');
    host.innerHTML = renderReply(attack);
    const bad = host.querySelectorAll(
      'script,style,img,svg,iframe,form,button,input,a,link,object,embed,math,template,base',
    );
    expect([...bad].map((element) => element.outerHTML)).toEqual([]);
    const attributes = [...host.querySelectorAll('*')].flatMap((element) =>
      element.getAttributeNames(),
    );
    expect(attributes).toEqual([]);
  });
  it('shows code that looks like markup as text', () => {
    const host = document.createElement('div');
    host.innerHTML = renderReply('```html\n<script>alert(1)</script>\n```');
    expect(host.querySelector('code')?.textContent).toContain('<script>alert(1)</script>');
  });
  it('keeps what makes it readable', () => {
    const html = renderReply('Use **eight** slots:\n\n- one\n- two\n\n`parallel`');
    for (const part of ['<strong>eight</strong>', '<li>one</li>', '<code>parallel</code>'])
      expect(html).toContain(part);
  });
});
