import { createContext } from 'react';
import { type AccountsApi, createAccountsApi } from '../features/accounts/api.ts';

export const AccountsContext = createContext<AccountsApi>(createAccountsApi());
