import { PERMISSIONS, type Permission } from './permissions.ts';

/** The table of permissions for people, in Markdown: a row for each root field, a column for each role. */
export function permissionsText(): string {
  const roles = [...new Set(Object.values(PERMISSIONS).flatMap((fields) => Object.values<Permission>(fields).flat()))];
  const tables = Object.entries(PERMISSIONS).map(([type, fields]) => {
    const rows = Object.entries<Permission>(fields).map(
      ([field, permission]) => `| \`${field}\` | ${roles.map((role) => (permission.includes(role) ? 'y' : '–')).join(' | ')} |`,
    );
    return [`## ${type}`, '', `| | ${roles.join(' | ')} |`, `| --- |${' --- |'.repeat(roles.length)}`, ...rows].join('\n');
  });
  return `${HEAD}\n\n${tables.join('\n\n')}\n`;
}

const HEAD = `# Who may call what of the admin API

Generated from permissions.ts by \`npm run generate\`. Do not edit. What stands in no table is denied. Roles are those of the registry
(\`administers\`); \`officer\` is everybody whom the registry names, and \`demo\` is a call under \`--demo\` that names no officer. A role opens the call;
whether this officer may do it to this rule, application or register is judged where it is done. The policies do not govern this API: rules
that refuse everything can always be replaced.`;
