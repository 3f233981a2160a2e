# Letters
letter-greeting = Dear { $name },
letter-greeting-nobody = A message from { $realm }:
letter-when = { $time } (Japan time)
letter-not-you = If this was you, there is nothing to do. If it was not, open your account page, sign the other devices out, change your password, and tell your help desk.
letter-no-reply = This letter was sent automatically. Please do not reply to it.
letter-confirm-subject = Your code for { $realm }
letter-confirm-what = Enter this code on the page where you gave this e-mail address. It works for { $minutes ->
    [one] 1 minute
   *[other] { $minutes } minutes
}.
letter-confirm-not-you = If you did not ask for it, somebody mistyped their address. You need not do anything. Do not give the code to anybody.
letter-sign-up-what = Somebody, presumably you, wants an account with this e-mail address. Enter this code on the page where you began. It works for { $minutes ->
    [one] 1 minute
   *[other] { $minutes } minutes
}.
letter-sign-up-not-you = If you did not ask for it, somebody mistyped their address. You need not do anything: without the code there will be no account. Do not give the code to anybody.
letter-sign-up-known-subject = You already have an account at { $realm }
letter-sign-up-known-what = Somebody, presumably you, wanted to create an account with this e-mail address. There is one already, or there was until recently, so no other was created. Sign in to it here. If you have forgotten the password, that page helps you too.
letter-sign-up-known-not-you = If it was not you, you need not do anything. Nothing has changed, and whoever tried was not told that you have an account.
letter-message-stop = On your account page, under “How we may reach you”, you choose what we write to you about.
letter-recovery-subject = Getting back into your account at { $realm }
letter-recovery-what = With this link you can choose a new password. It works once, within { $minutes ->
    [one] 1 minute
   *[other] { $minutes } minutes
}.
letter-recovery-not-you = If you did not ask for it, do not open the link: your password stays as it is. Do not pass the link on to anybody, whoever asks for it.

# What people are told
notice-password-changed = Your password was changed
notice-password-changed-what = The password of your account is a new one. Everybody who was signed in with the old one has been signed out.
notice-new-device = New sign-in on another device
notice-new-device-what = Somebody signed in to your account on a device that was not used before: { $device }.
notice-new-device-from = It came from: { $address }
notice-factor-added = A sign-in method was added: { $name }
notice-factor-added-what = From now on it can be used to sign in to your account.
notice-factor-removed = A sign-in method was removed: { $name }
notice-factor-removed-what = It can no longer be used to sign in to your account.
notice-factors-reset = Your passkeys, apps and recovery codes were removed
notice-factors-reset-what = An administrator did this. You sign in with your password again, until you add new ones.
notice-recovery-codes-made = New recovery codes were made
notice-recovery-codes-made-what = Recovery codes that you had before do not work any more.
notice-recovery-code-used = A recovery code was used
notice-recovery-code-used-what = Each code works once. Make new ones before the last one is used.
notice-email-confirmed = Your e-mail address was confirmed
notice-email-confirmed-what = From now on we write to this address when something happens to your account.
notice-email-replaced = Your account has another e-mail address
notice-email-replaced-what = This is the last letter to this address.
notice-telephone-confirmed = Your telephone number was confirmed
notice-telephone-confirmed-what = From now on it is kept as yours.
notice-profile-changed = Somebody else changed what is kept about you
notice-profile-changed-what = An administrator, or somebody in your family whom you have permitted, changed your details. Your account page shows what was changed, and by whom.
notice-recovery-begun = Somebody asked to get back into your account
notice-recovery-begun-what = A link to choose a new password was sent to your e-mail address.
notice-recovery-done = Your account was recovered
notice-recovery-done-what = The password is a new one, and everybody who was signed in has been signed out.
notice-family-asked = Somebody asked the people you trust to let them into your account
notice-family-asked-what = If this was you, call two of the people you trust and read the code on your screen to them. If it was not, stop it at once with this link:
notice-family-confirmed = Two people you trust confirmed that you need a way back into your account
notice-family-confirmed-what = When the waiting time is over, whoever asked can choose a new password, and all other sign-in methods are removed. If this was not you, stop it at once with this link:
notice-family-cancelled = The recovery of your account was stopped
notice-family-cancelled-what = Nothing has changed: your password and your other sign-in methods work as before.
notice-family-done = Your account was recovered with the help of people you trust
notice-family-done-what = The password is a new one, all other sign-in methods were removed, and everybody who was signed in has been signed out.
notice-trusted-named = You asked { $name } to be a person you trust
notice-trusted-accepted = { $name } agreed to be a person you trust
notice-trusted-removed = { $name } is no longer a person you trust
notice-trusted-what = Two of the people you trust can together help you back into your account.
notice-trust-invited = { $name } would like to trust you
notice-trust-invited-what = If you agree, you can help to get back into that account, together with one other person. You see nothing of what is in it. Agree only if you know the person well.
notice-tie-invited = { $name } invites you to the family
notice-tie-invited-what = Your account page shows what you would be allowed to do for them. Accept only if you know the person.
notice-tie-accepted = { $name } accepted your invitation to the family
notice-tie-begun = You belong to the family of { $name } now
notice-tie-ended = You and { $name } are no longer tied as family
notice-tie-what = Your account page shows who may do something for whom. Either side can end it at any time.
notice-guardian-set = { $name } is now your guardian
notice-guardian-of = You are now the guardian of { $name }
notice-guardian-what = An administrator recorded this, with a reference to the evidence. If it is wrong, tell your help desk.
notice-help-asked = { $name } may need your help
notice-help-asked-what = Somebody says that they cannot get into the account any more. Telephone them yourself, at a number you know, and hear their voice. Only if it is really they who ask, enter the code that they read to you.
