# Completion of fraglab's commands, options and presets, for bash.
_fraglab()
{
    local word=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]} words=
    compopt +o nospace
    if [ "$COMP_CWORD" -eq 1 ]; then
        words="$(fraglab --help 2>/dev/null |
            sed -n 's/^  \([a-z][a-z]*\) .*/\1/p') help --help --version"
    elif [ "$verb" = help ]; then
        words=$(fraglab --help 2>/dev/null |
            sed -n 's/^  \([a-z][a-z]*\) .*/\1/p')
    elif [[ $word == -* ]]; then
        words="--help $(fraglab help "$verb" 2>/dev/null |
            grep -oE -- '(^|[[ ])--?[a-z][a-z-]*' | tr -d '[ ')"
    else
        case $verb in
        generate | replay)
            words=$(fraglab generate --list 2>/dev/null |
                sed -n 's/^\([a-z][a-z-]*\) - .*/\1/p')
            ;;
        esac
    fi
    # shellcheck disable=SC2207
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _fraglab fraglab
