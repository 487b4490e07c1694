#compdef sigpost
# Completion of sigpost's commands in zsh: "sigpost completion zsh" prints it.
_sigpost() {
    local line word about
    local -a found
    while IFS= read -r line; do
        word=${line%%$'\t'*} about=${line#*$'\t'}
        case $word in
        :files) _files ;;
        :dirs) _files -/ ;;
        *) found+=("${word//:/\\:}${about:+:$about}") ;;
        esac
    done < <("${words[1]}" complete-words words "${(@Q)words[2,CURRENT]}" 2>/dev/null)
    (( $#found )) && _describe sigpost found
}
compdef _sigpost sigpost
