module.exports = {
  projects: ['<rootDir>/apps/*/jest.config.cjs', '<rootDir>/libs/*/jest.config.cjs', '<rootDir>/tools/jest.config.cjs'],
  // where Jest looks when several projects run at once; each project's own counts only when it runs alone
  testTimeout: 60_000,
};
