# Completion of sigpost's commands in bash: "sigpost completion bash" prints it.
_sigpost() {
    local word rest cur=${COMP_WORDS[COMP_CWORD]}
    [[ $cur == [=:] ]] && cur=
    COMPREPLY=()
    while IFS=$'\t' read -r word rest; do
        case $word in
        :files)
            compopt -o filenames 2>/dev/null
            while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$cur")
            ;;
        :dirs)
            compopt -o filenames 2>/dev/null
            while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -d -- "$cur")
            ;;
        *) COMPREPLY+=("$word") ;;
        esac
    done < <("${COMP_WORDS[0]}" complete-words line "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
}
complete -F _sigpost sigpost
