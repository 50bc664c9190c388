//! The kinds of providers, one file each: calls of both APIs reach them in their own words, and answers come back in the
//! agent's.

mod bedrock;
