# The account's pages
section-label = My account
section-overview = Overview
section-profile = Name and address
section-password = Password
section-trusted = People I trust
section-devices = Devices
section-services = Services
section-log = Activity
account-told = What we told you
account-told-empty = Nothing yet. When something happens to your account, you will find it here, and in your e-mail if you confirmed an address.
account-asked = { $count ->
    [one] Somebody is waiting for your answer.
   *[other] { $count } people are waiting for your answer.
}
account-asked-open = Open “People I trust”
account-log-hub = This hub
account-log-older = Earlier activity
account-log-newest = Newest activity
account-sign-in-again = You signed in a while ago. Sign out, sign in again, and then try once more.
log-password-checked = The password was checked again
log-email-asked = An e-mail address was given, to be confirmed
log-email-confirmed = The e-mail address was confirmed
log-recovery-begun = A way back into the account was asked for
log-recovery-done = The account was recovered
log-family-asked = The people you trust were asked for a way back in
log-family-confirmed = A person you trust confirmed a recovery
log-family-cancelled = A recovery was stopped
log-family-done = The account was recovered with the help of people you trust
log-trusted-changed = The people you trust were changed
log-account-opened = Your account was opened
log-mail-sent = A mail was sent to you

# Changing the password
change-password-title = Change your password
change-password-effect = When you change it, every other device is signed out, services have to ask you again, and the address of your calendar ends.
password-current-label = Present password
password-current-wrong = The present password is not right.
password-wait = There were several failed attempts in a row. Try again in { $wait }.

# Name and address
profile-name-hint = To change your login name, ask the organisation that gave you your account.
profile-problem-title = Nothing was changed
profile-email-now = Present address
profile-verified = Confirmed
profile-unverified = Not confirmed yet
profile-no-mail = This hub sends no mail, so an address cannot be confirmed here. To change it, ask the organisation that gave you your account.
profile-email-label = Address to confirm
profile-email-hint = We send a code to it. It becomes your address once you have entered the code here. The address before is told.
profile-code-label = Code from the mail
profile-code-hint = 8 digits. The code works for 30 minutes. If no mail came, look among the unwanted mail.
profile-code-sent = If the address can receive mail, a code is on its way to it.
profile-code-wrong = The code is not right, or its time is over. Enter it again, or have a new one sent.
profile-confirmed = The address is confirmed. From now on we write to it when something happens to your account.
profile-not-an-address = This is not an e-mail address. It looks like name@example.jp.
profile-taken = This address cannot be used: it belongs to another account, or did until recently.
button-send-code = Send a code
button-confirm-code = Confirm the address
profile-language = Language
profile-language-hint = Pages on this device and letters to you are in this language.
profile-language-kept = The language was kept.
account-open-service = Open this service
