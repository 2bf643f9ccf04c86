import type { Configuration } from '@pgherd/api';

/** The role of administrators, which becomes a member of `role` and may add others. */
export function teamAdmins({ team_admin_role: admin }: Configuration, role: string): string[] {
  return admin === '' || admin === role ? [] : [admin];
}

/** What a role that owns a database is a member of. */
export function ownerMemberships({ additional_owner_roles }: Configuration, owner: string): string[] {
  return [...new Set(additional_owner_roles)].filter((role) => role !== owner && role !== '');
}
