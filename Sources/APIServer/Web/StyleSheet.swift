/// The pages' look: one column, light or dark as the reader's system has it, tables that fold on a phone.
enum StyleSheet {
    static let text = """
        @layer own {
        :root { color-scheme: light dark; --ink: #1d2330; --soft: #5b6472; --paper: #fff; --panel: #f5f7fa; --line: #d6dbe3; --link: #0b57d0;
          --good: #136c37; --bad: #b3261e; --shown: #e7f5ec; }
        @media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #a3acba; --paper: #14171d; --panel: #1d222b; --line: #39414e;
          --link: #8ab4f8; --good: #7bd49b; --bad: #f2a09a; --shown: #16301f; } }
        * { box-sizing: border-box; }
        body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
        header { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; align-items: baseline; padding: .75rem max(1.25rem, calc(50% - 34.75rem));
          border-bottom: 1px solid var(--line); background: var(--panel); }
        header form { margin-left: auto; }
        nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; }
        a { color: var(--link); }
        nav a { padding: .25rem 0; text-decoration: none; border-bottom: 2px solid transparent; }
        nav a[aria-current] { color: var(--ink); font-weight: 600; border-bottom-color: var(--link); }
        :focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
        .skip { position: absolute; left: -100rem; }
        .skip:focus { left: 1rem; top: .5rem; background: var(--paper); padding: .5rem; }
        main { max-width: 72rem; margin: 0 auto; padding: 1rem 1.25rem 4rem; }
        h1 { font-size: 1.5rem; margin: .5rem 0 1rem; }
        h2 { font-size: 1.15rem; margin: 1.5rem 0 .5rem; }
        h3 { font-size: 1rem; margin: 1rem 0 .25rem; }
        small { display: block; color: var(--soft); font-weight: 400; font-size: .8rem; }
        code, pre { font: .875em ui-monospace, monospace; overflow-wrap: anywhere; }
        small code { font-size: 1em; }
        pre { white-space: pre-wrap; background: var(--panel); padding: .75rem; border-radius: .5rem; }
        .card { border: 1px solid var(--line); background: var(--panel); border-radius: .5rem; padding: .75rem 1rem; margin: 0 0 1.25rem; max-width: 44rem; }
        .shown { background: var(--shown); border-color: var(--good); }
        .shown h2 { margin-top: 0; }
        .token { display: inline-block; padding: .5rem; background: var(--paper); border: 1px solid var(--line); border-radius: .25rem; user-select: all; }
        .hint { color: var(--soft); font-size: .875rem; margin: .25rem 0 .75rem; }
        .problem { border-left: 4px solid var(--bad); padding: .5rem .75rem; background: var(--panel); }
        summary { cursor: pointer; padding: .25rem 0; }
        .card > summary { font-weight: 600; }
        label { display: block; margin: .5rem 0 .25rem; }
        fieldset { border: 1px solid var(--line); border-radius: .5rem; margin: .75rem 0; }
        .choices { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); padding-left: 1.5rem; }
        fieldset:has([value=full]:checked) .choices { display: none; }
        .choices label, fieldset > label { margin: .125rem 0; }
        input:not([type=radio]):not([type=checkbox]), select { width: 100%; padding: .5rem; font: inherit; color: inherit; background: var(--paper);
          border: 1px solid var(--soft); border-radius: .375rem; }
        ::placeholder { color: var(--soft); opacity: 1; }
        button, .button { display: inline-block; font: inherit; padding: .5rem 1rem; border: 1px solid var(--link); border-radius: .375rem;
          background: var(--link); color: var(--paper); cursor: pointer; text-decoration: none; white-space: nowrap; }
        button.quiet { background: none; color: var(--ink); border-color: var(--line); padding: .25rem .75rem; }
        button.danger { background: var(--bad); border-color: var(--bad); }
        table { width: 100%; border-collapse: collapse; }
        caption { text-align: left; color: var(--soft); padding-bottom: .25rem; }
        th, td { text-align: left; vertical-align: top; padding: .5rem 1rem .5rem 0; border-bottom: 1px solid var(--line); }
        tbody th, .name { overflow-wrap: anywhere; }
        tbody th { min-width: 9rem; }
        .when, td summary { white-space: nowrap; }
        td form { max-width: 20rem; padding-bottom: .5rem; }
        td form p { margin: 0 0 .5rem; color: var(--soft); font-size: .875rem; }
        thead th { color: var(--soft); font-size: .875rem; font-weight: 600; }
        .state.active, .state.enabled, .state.delivered { color: var(--good); }
        .state.revoked, .state.expired, .state.disabled, .state.suspended, .state.failed, .state.refused { color: var(--bad); }
        .limits { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .5rem 2rem; }
        .plain { list-style: none; padding: 0; margin: 0; }
        .charts { margin-bottom: 1.5rem; }
        .charts figure { margin: 0 0 1rem; }
        .key { display: inline-block; margin-left: .75rem; font-size: .875rem; white-space: nowrap; }
        .swatch { display: inline-block; width: .75rem; height: .75rem; margin-right: .35rem; border-radius: .125rem; }
        .bars { display: block; width: 100%; height: 7rem; background: var(--panel); border-bottom: 1px solid var(--soft); }
        .most, .axis { margin: .125rem 0; color: var(--soft); font-size: .8rem; }
        .axis { display: flex; justify-content: space-between; }
        .bars .delivered { fill: var(--good); } .swatch.delivered { background: var(--good); }
        .bars .queued { fill: var(--link); } .swatch.queued { background: var(--link); }
        .bars .failed { fill: var(--bad); } .swatch.failed { background: var(--bad); }
        .bars .refused { fill: var(--soft); } .swatch.refused { background: var(--soft); }
        .route { border-top: 1px solid var(--line); }
        .method { display: inline-block; min-width: 5rem; color: var(--link); }
        #swagger { background: #fff; color: #3b4151; border-radius: .5rem; padding: 0 .5rem; color-scheme: light; }
        @media (max-width: 60rem) {
          header form { order: 1; }
          nav { order: 2; width: 100%; }
          thead { position: absolute; left: -100rem; }
          tr { display: block; border: 1px solid var(--line); border-radius: .5rem; padding: .5rem .75rem; margin-bottom: .75rem; }
          tbody th, td { display: block; border: 0; padding: .125rem 0; min-width: 0; overflow-wrap: anywhere; }
          td:empty { display: none; }
          td[data-label]::before { content: attr(data-label) ": "; color: var(--soft); }
        }
        /* Swagger UI has a look of its own. */
        #swagger * { all: revert-layer; }
        }
        """
}
