//! The password that clients must tell, if there is one.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{PoisonError, RwLock};

use subtle::ConstantTimeEq;

/// A password, or none; changes while the server runs.
#[derive(Default)]
pub struct Password {
    bytes: RwLock<Box<[u8]>>,
    is_set: AtomicBool,
}

/// Nothing that is printed tells the password.
impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Password")
            .field("is_set", &self.is_set)
            .finish_non_exhaustive()
    }
}

impl Password {
    /// Whether there is one.
    #[inline]
    pub fn is_set(&self) -> bool {
        self.is_set.load(Relaxed)
    }

    /// Sets it; nothing for none.
    pub fn set(&self, password: &[u8]) {
        let mut bytes = self.bytes.write().unwrap_or_else(PoisonError::into_inner);
        *bytes = password.into();
        self.is_set.store(!password.is_empty(), Relaxed);
    }

    /// The password, as `CONFIG GET` shows it; empty for none.
    pub fn to_bytes(&self) -> Box<[u8]> {
        self.bytes
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Whether `told` is the password; anything is where there is none.
    ///
    /// It takes a time that depends on the length of `told` alone, so that nobody learns from it how
    /// much of a guess is right, or how long the password is.
    pub fn is(&self, told: &[u8]) -> bool {
        let password = self.bytes.read().unwrap_or_else(PoisonError::into_inner);
        if password.is_empty() {
            return true;
        }
        told.iter()
            .zip(password.iter().cycle())
            .fold(told.len().ct_eq(&password.len()), |equal, (a, b)| {
                equal & a.ct_eq(b)
            })
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::Password;

    #[test]
    fn only_the_password_itself_is_the_password() {
        let password = Password::default();
        assert!(!password.is_set() && password.is(b"any") && password.is(b""));
        password.set(b"secret");
        assert!(password.is_set() && password.is(b"secret"));
        for wrong in [
            &b""[..],
            b"s",
            b"secre",
            b"secret1",
            b"secretsecret",
            b"Secret",
            b"\0",
        ] {
            assert!(!password.is(wrong), "{wrong:?}");
        }
        assert!(!format!("{password:?}").contains("secret"));
        password.set(b"");
        assert!(!password.is_set());
    }
}
